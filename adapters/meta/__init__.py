"""Meta's platforms: Facebook Pages, Messenger, Instagram and WhatsApp, by the Graph API."""
