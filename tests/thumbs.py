"""A triage that goes by a few words, so that tests know what it makes of a post.

What is real about triage is tested in tests/triage; whole bots in processes of their own have the
real one.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from bot.domain.guess import GENERAL, Features, Guess, Lane, Leaning
from bot.domain.mention import Kind, Mention
from bot.triage import BALANCED, MODEL, Triage
from bot.triage.lanes import SURE

LETTERS = re.compile(r"[^\W\d_]")
LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
LANES = {Kind.COMPLAINT: Lane.SURE, Kind.QUESTION: Lane.QUESTION}


class ByThumb(Triage):
    """Like the real one in all that needs no model; it can tell no probabilities."""

    def guess(
        self, mention: Mention, leaning: Leaning = BALANCED, team: str = "", **_more: Any
    ) -> Guess:
        text = f"{mention.subject}\n{mention.text}".lower().replace("’", "'")
        known = self._known(mention, leaning)
        if known and not (known.thanks and _found(COMPLAINT, text)):
            return known
        return _by_words(text)

    @contextmanager
    def ahead(self, mentions: Iterable[Mention]) -> Iterator[None]:
        """There is nothing that would take time."""
        yield

    def features(self, mention: Mention) -> Features | None:
        """There is no model, so nothing can be taught."""

    def moved(self, said: Sequence[tuple[Features, bool]], near: int) -> Sequence[float]:
        return [0.0] * len(said)

    @property
    def sure(self) -> float:
        return SURE[MODEL]

    def threshold(self, recall: float) -> float:
        return GENERAL


def _by_words(text: str) -> Guess:
    if found := _found(COMPLAINT, text):
        return _guessed(Kind.COMPLAINT, found)
    letters = LETTERS.findall(text)
    if len(letters) > 2 and len(LATIN.findall(text)) < len(letters) / 2:
        return _guessed(Kind.COMPLAINT, "a language that triage was not taught")
    for words, kind in ((QUESTION, Kind.QUESTION), (PRAISE, Kind.PRAISE)):
        if found := _found(words, text):
            return _guessed(kind, found)
    return _guessed(Kind.OTHER, "none of the words the bot knows")


def _guessed(kind: Kind, because: str) -> Guess:
    return Guess(kind=kind, lane=LANES.get(kind, Lane.REST), because=because)


def _found(words: re.Pattern[str], text: str) -> str:
    """The first two words that match, quoted."""
    matches = dict.fromkeys(match.group().strip() for match in words.finditer(text))
    return ", ".join(f"“{word}”" for word in list(matches)[:2])


def any_of(*words: str) -> re.Pattern[str]:
    """One pattern that finds any of these; an asterisk at the end stands for any ending."""
    parts = (re.escape(word).replace(r"\*", r"\w*") for word in words)
    return re.compile(r"(?<!\w)(?:" + "|".join(parts) + r")(?!\w)")


COMPLAINT = any_of(
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
    "never again", "waste of", "wtf", "sucks", "trash", "garbage", "joke", "unhappy",
    "poor service",
    "bad service", "lost my", "locked out", "hate", "did not help", "didn't help",
    "fault", "faults", "snapped", "cracked", "ruined", "died", "dead", "there was no", "no order",
    "unsubscribed", "metal in", "mould", "mold", "nobody can", "can't pay", "can't log in",
    "can't scan", "won't load", "logs me out", "giving up", "given up", "third try",
    "check your card",
    "app down", "site down", "tried that", "already tried", "not what i asked", "anybody reading",
    "anyone reading", "hello?", "what is going on", "i want this", "marked as delivered",
    "someone else's", "wrong address", "again this morning",
    "no parcel", "nobody came", "standing at the door", "my parcel as delivered",
    # German
    "kaputt", "wo bleibt", "doppelt bezahlt", "doppelt abgebucht", "defekt*",
    "funktioniert nicht", "geht nicht", "warte seit", "warte immer noch",
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
    "cassé*", "rien reçu", "en panne", "ne marche pas", "ne fonctionne pas", "toujours pas",
    "toujours rien",
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
    "stuk", "werkt niet", "nog steeds niet", "geen antwoord", "klacht", "teleurgesteld",
    "schandalig",
    "oplichting", "geld terug", "beschadigd", "vertraag*", "te laat", "slecht*", "hielp niet",
    "hielp helaas niet", "nog steeds", "is daar iemand", "geen bevestiging",
)  # fmt: skip

QUESTION = re.compile(
    r"\?|¿|؟|(?<!\w)(?:how do|how can|where can|when will|is there|"
    r"can you|could you|do you|does it|"
    r"please help|need help|anyone know|wie kann|wo finde|wann kommt|gibt es|cómo|dónde|cuándo|"
    r"comment faire|est-ce que|où trouver|como faço|onde|come posso|dove|hoe kan|waar kan)(?!\w)"
)

PRAISE = any_of(
    "thank*", "love", "loving", "great", "awesome", "amazing", "excellent", "perfect", "best",
    "wonderful", "brilliant", "fantastic", "impressed", "well done", "recommend*", "happy with",
    "danke*", "super", "toll", "klasse", "großartig", "begeistert", "gracias", "excelente",
    "encanta", "genial", "merci", "bravo", "parfait", "obrigad*", "ótim*", "grazie", "ottim*",
    "bellissim*", "bedankt", "geweldig", "top",
)  # fmt: skip
