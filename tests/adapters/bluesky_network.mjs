// A whole Bluesky on this machine (PLC, PDS, bsync, AppView): what a person's app and ours speak with.
// Run where @atproto/dev-env is installed, with DATABASE (PostgreSQL); prints one line of JSON when it is ready.
import dns from 'node:dns'
import net from 'node:net'

// Its servers would listen on all interfaces.
dns.setDefaultResultOrder('ipv4first')
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (...asked) {
  const told = asked.find((one) => typeof one === 'function')
  const port = Number(typeof asked[0] === 'object' ? asked[0].port : asked[0])
  return listen.call(this, { port, host: '127.0.0.1' }, told)
}

const free = () =>
  new Promise((told) => {
    const probe = net.createServer().listen(0, () => {
      const { port } = probe.address()
      probe.close(() => told(port))
    })
  })

const { TestBsky, TestBsync, TestPds, TestPlc, mockNetworkUtilities } = await import('@atproto/dev-env')
const { DATABASE: dbUrl, LIMITS } = process.env
const plc = await TestPlc.create({ port: await free() })
const pdsPort = await free()
const key = 'bsync-api-key'
const bsync = await TestBsync.create({ apiKeys: [key], dbUrl, dbSchema: 'bsync' })
const bsky = await TestBsky.create({
  port: await free(),
  plcUrl: plc.url,
  pdsPort,
  bsyncApiKey: key,
  bsyncUrl: bsync.url,
  repoProvider: `ws://localhost:${pdsPort}`,
  dbPostgresUrl: dbUrl,
  dbPostgresSchema: 'appview',
})
bsync.ctx.dataplaneClients = [bsky.ctx.dataplane]
const pds = await TestPds.create({
  port: pdsPort,
  hostname: 'localhost',
  didPlcUrl: plc.url,
  bskyAppViewUrl: bsky.url,
  bskyAppViewDid: bsky.ctx.cfg.serverDid,
  rateLimitsEnabled: LIMITS === '1',
})
mockNetworkUtilities(pds, bsky)
console.log(JSON.stringify({ pds: pds.url, appview: bsky.url }))

// It ends with the process that started it, too.
const end = () => process.exit(0)
process.stdin.on('end', end).resume()
process.on('SIGTERM', end)
