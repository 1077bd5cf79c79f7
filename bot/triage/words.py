"""Words that speak for a kind, in the languages our customers write most."""

import re


def _any(*words: str) -> re.Pattern[str]:
    """One pattern that finds any of these; an asterisk at the end stands for any ending."""
    parts = (re.escape(word).replace(r"\*", r"\w*") for word in words)
    return re.compile(r"(?<!\w)(?:" + "|".join(parts) + r")(?!\w)")


COMPLAINT = _any(
    # English
    "broken", "broke", "breaks", "not working", "doesn't work", "does not work", "didn't work",
    "won't work", "stopped working", "still waiting", "still no*", "still not", "never arrived",
    "never came", "hasn't arrived", "not arrived", "no reply", "no answer", "no response",
    "nobody answers", "anyone there", "hello??*", "refund*", "money back", "my money", "cancel*",
    "complain*", "disappoint*", "terrible", "awful", "worst", "horrible", "useless", "unacceptable",
    "ridiculous", "disgrace*", "shame on", "scam*", "fraud*", "rip off", "rip-off", "ripped off",
    "overcharged", "charged twice", "wrong item", "wrong order", "wrong size", "missing", "damaged",
    "defective", "faulty", "leak*", "crash*", "error", "fails", "failed", "failing", "down again",
    "is down", "outage", "late", "delayed", "delay", "angry", "furious", "fed up", "sick of",
    "annoy*", "frustrat*", "rude", "ignored", "ignoring", "third time", "second time", "twice",
    "problem*", "issue*", "lawyer", "sue", "dangerous", "burn*", "smoke", "smoking", "injur*",
    "never again", "waste of", "wtf", "sucks", "trash", "garbage", "joke", "unhappy", "poor service",
    "bad service", "lost my", "locked out", "hate", "did not help", "didn't help",
    "fault", "faults", "snapped", "cracked", "ruined", "died", "dead", "there was no", "no order",
    "unsubscribed", "metal in", "mould", "mold", "nobody can", "can't pay", "can't log in",
    "can't scan", "won't load", "logs me out", "giving up", "given up", "third try", "check your card",
    "app down", "site down", "tried that", "already tried", "not what i asked", "anybody reading",
    "anyone reading", "hello?", "what is going on", "i want this", "marked as delivered",
    "someone else's", "wrong address", "again this morning",
    "no parcel", "nobody came", "standing at the door", "my parcel as delivered",
    # German
    "kaputt", "wo bleibt", "doppelt bezahlt", "doppelt abgebucht", "defekt*", "funktioniert nicht", "geht nicht", "warte seit", "warte immer noch",
    "immer noch nicht", "noch immer", "keine antwort", "beschwer*", "enttäusch*", "unverschämt*",
    "frechheit", "katastroph*", "schlecht*", "nie wieder", "geld zurück", "erstattung", "falsch*",
    "beschädigt", "verspät*", "ärger*", "wütend", "saftladen", "abzocke", "betrug", "reklam*",
    "problem*", "ausfall", "gestört", "nicht geholfen", "nicht in ordnung", "geld weg", "versucht",
    "antwortet niemand", "niemand antwortet", "nur noch", "ist da jemand", "hallo??*",
    # Spanish
    "roto", "rota", "no funciona", "no sirve", "sigo esperando", "nadie responde", "queja",
    "reclam*", "decepcion*", "pésim*", "vergüenza", "estafa", "reembolso", "devolución", "dañad*",
    "retras*", "nunca llegó", "no ha llegado", "mal servicio", "harto", "harta", "hay alguien",
    "dos veces", "no me ha servido", "sigue igual", "quema", "cuatro correos", "se ha caído",
    # French
    "cassé*", "rien reçu", "en panne", "ne marche pas", "ne fonctionne pas", "toujours pas", "toujours rien",
    "aucune réponse", "déçu*", "honte*", "scandal*", "arnaque", "rembours*", "plainte", "retard",
    "abîmé*", "inadmissible", "inacceptable", "jamais reçu", "défectueu*", "nul", "n'a pas marché",
    "personne ne répond", "attends toujours", "j'attends", "toujours pareil", "tourne en boucle",
    "il y a quelqu'un",
    # Portuguese
    "quebrad*", "não funciona", "não chegou", "ainda não", "estragad*", "decepcionad*",
    "péssim*", "vergonha", "golpe", "atrasad*", "ninguém responde", "nunca foi", "não aceita",
    "não resultou", "na mesma", "continuo à espera", "à espera", "está aí alguém",
    # Italian
    "rotto", "rotta", "non funziona", "non è arrivat*", "ancora niente", "delus*", "pessim*",
    "vergogn*", "truffa", "rimborso", "reclamo", "ritardo", "nessuna risposta", "non ha funzionato",
    "sto ancora", "aspettando", "c'è qualcuno", "irraggiungibil*", "sparit*",
    # Dutch
    "stuk", "werkt niet", "nog steeds niet", "geen antwoord", "klacht", "teleurgesteld", "schandalig",
    "oplichting", "geld terug", "beschadigd", "vertraag*", "te laat", "slecht*", "hielp niet",
    "hielp helaas niet", "nog steeds", "is daar iemand", "geen bevestiging",
)  # fmt: skip

QUESTION = re.compile(
    r"\?|¿|؟|(?<!\w)(?:how do|how can|where can|when will|is there|can you|could you|do you|does it|"
    r"please help|need help|anyone know|wie kann|wo finde|wann kommt|gibt es|cómo|dónde|cuándo|"
    r"comment faire|est-ce que|où trouver|como faço|onde|come posso|dove|hoe kan|waar kan)(?!\w)"
)

PRAISE = _any(
    "thank*", "love", "loving", "great", "awesome", "amazing", "excellent", "perfect", "best",
    "wonderful", "brilliant", "fantastic", "impressed", "well done", "recommend*", "happy with",
    "danke*", "super", "toll", "klasse", "großartig", "begeistert", "gracias", "excelente",
    "encanta", "genial", "merci", "bravo", "parfait", "obrigad*", "ótim*", "grazie", "ottim*",
    "bellissim*", "bedankt", "geweldig", "top",
)  # fmt: skip

# What closes a conversation, and all that may stand beside it: who says more may want more.
CLOSING = _any(
    "thanks", "thank you", "thank u", "thankyou", "thx", "ty", "tysm", "cheers", "appreciated",
    "appreciate it", "works now", "working now", "it works", "it worked", "that worked",
    "that helped", "all good", "all sorted", "ok great", "okay great",
    "danke", "dankeschön", "dank", "hat geklappt", "es funktioniert", "funktioniert jetzt",
    "gracias", "ya funciona", "merci", "ça marche", "ça fonctionne", "grazie", "ora funziona",
    "obrigado", "obrigada", "valeu", "já funciona", "bedankt", "dankjewel", "dankuwel",
    "het werkt", "tack", "tak", "kiitos", "dziękuję", "dzięki", "teşekkürler", "спасибо",
    "ありがとう", "ありがとうございます", "ありがとうございました", "谢谢", "謝謝", "감사합니다", "고맙습니다",
    "شكرا", "תודה",
)  # fmt: skip
THUMBS = re.compile("[👍👌🙌]")
GLAD = "[👍👌🙌🙏👏💪😊🙂😀😃😄😁😍🥰🤗🎉🥳☺✅⭐🌟✨❤💛💙💚💜🧡💖]"
IN_A_LAST_WORD = frozenset(
    re.findall(
        r"\S+",
        """
    thanks thank you u thankyou thx ty tysm cheers so very much many lots a lot again ok okay oh
    ah wow yes yep great perfect awesome brilliant excellent lovely wonderful amazing fantastic
    nice cool good fine all everything it it's its that that's this works work working worked now
    helped help for the your quick fast kind reply answer response appreciate appreciated really
    guys team everyone and i we got sorted fixed solved resolved arrived received best you're
    danke dankeschön vielen vielmals herzlichen dank lieben besten tausend schön sehr super prima
    perfekt alles gut klar hat geklappt funktioniert jetzt wieder es das für die eure ihre deine
    schnelle hilfe antwort rückmeldung passt erledigt gelöst nochmal nochmals
    gracias muchas muchísimas mil perfecto genial excelente ya funciona todo bien por la el su tu
    ayuda respuesta rápida solucionado vale
    merci beaucoup mille bien parfait génial ça marche fonctionne maintenant c'est bon réglé pour
    votre ton l'aide aide réponse rapide tout d'accord
    grazie tante molte tutto perfetto ora funziona adesso per l'aiuto aiuto risposta gentilissimi
    risolto
    obrigado obrigada muito valeu perfeito já tudo certo agora pela ajuda resposta
    bedankt dankjewel dankuwel je wel hartelijk top het werkt nu weer voor de hulp snelle reactie
    opgelost
    tack tak kiitos dziękuję dzięki teşekkürler спасибо большое ありがとう ありがとうございます
    ありがとうございました 谢谢 謝謝 감사합니다 고맙습니다 شكرا جزيلا תודה רבה
    """,
    )
)
