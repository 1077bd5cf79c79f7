"""Posts, and what is read off a guess."""

import math

from bot.domain.guess import Guess, Lane
from bot.domain.mention import Mention
from tests.things import mention

FLAGGED = {Lane.SURE, Lane.CHECK}
EMBEDDED = 384  # numbers

COMPLAINTS = """
My order is broken
My order never arrived
Still waiting. Order 17.
Hello??? Anyone there?
It doesn’t work any more
I want my money back
Charged twice for one order, and the chat bot keeps offering me a discount
This is unacceptable
The worst service I have ever seen
Great, just great: broken again. Thanks for nothing
Love the coffee, but the machine leaks
@acme machine leaks from below since the firmware update
Second broken one in a month. What now?
is the acme app down again?
We run 14 of your office machines and four have the same grinder fault
Asked for a refund on 2 November. It is now day fourteen.
Where is my refund?
The lid of the water tank snapped
unsubscribed from your newsletter 4 times. FOUR. it came again this morning
Found a piece of metal in a capsule. Kept it, photographed it.
There was no courier
Standing in your Hamburg store with a voucher nobody can scan
Meine Maschine ist kaputt
Seit Montag zeigt meine Maschine nur noch E07
Ich warte immer noch auf mein Paket
Warum antwortet niemand?
Das ist eine Frechheit, nie wieder
Die Lieferung ist verspätet
Mi pedido no ha llegado
La máquina no funciona
Llevo cuatro correos y dos llamadas por una cafetera que quema el café
Quiero un reembolso
Me han cobrado dos veces
Ma machine est en panne
Toujours pas de réponse
Le colis dort à Lyon et personne ne répond au téléphone
Je suis très déçue
A máquina não funciona
A encomenda ainda não chegou
Comprei a máquina na Black Friday e o desconto nunca foi aplicado
La macchina non funziona
Il pacco non è arrivato
De machine is stuk
Mijn pakket is nog steeds niet aangekomen
Ik wil mijn geld terug
カプセルの定期便を注文しましたが、確認メールが届きません
طلبت ماكينة القهوة قبل أسبوعين ولم تصل حتى الآن
Мой заказ так и не пришёл
המכונה לא עובדת
물건이 아직 안 왔어요
""".strip().splitlines()


def to_us(text: str, **more: object) -> Mention:
    """Said to the brand, as most posts are."""
    return mention(text if "@" in text else f"@acme {text}", **more)


def odds(guess: Guess) -> float:
    assert guess.complaint is not None
    return math.log(guess.complaint / (1 - guess.complaint))
