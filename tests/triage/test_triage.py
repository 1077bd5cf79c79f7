"""A first guess. A missed complaint is the worst error; a false alarm costs a glance."""

import pytest

from bot.domain.mention import Kind
from bot.playground.customers_words import NO_HELP, OUTAGE, WAITING
from bot.triage import guess
from tests.things import mention

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

OTHERS = [
    ("How do I get an invoice with our VAT number on it?", Kind.QUESTION),
    ("Do you ship to Iceland?", Kind.QUESTION),
    ("Gibt es die Kapseln auch ohne Koffein?", Kind.QUESTION),
    ("¿Cuándo vuelve a haber cápsulas de descafeinado?", Kind.QUESTION),
    ("Hoe kan ik mijn abonnement pauzeren", Kind.QUESTION),
    ("Well done, people", Kind.PRAISE),
    ("Thank you! That was quick.", Kind.PRAISE),
    ("Danke, das hat geholfen!", Kind.PRAISE),
    ("Merci beaucoup !", Kind.PRAISE),
    ("Grazie mille!", Kind.PRAISE),
    ("Selling my coffee corner, pick-up in Leeds.", Kind.OTHER),
    ("☕☕☕", Kind.OTHER),
    ("", Kind.OTHER),
]

LAST_WORDS = """
thanks!
Thank you so much, works now
Thanks a lot for your quick help 🙏
@acme thank you!!
THX :)
cheers, all sorted
ok great
Perfect, thank you. That worked.
Thanks, it’s fixed
It works now
👍
👍🏽 👍🏽
Danke, hat geklappt
Vielen Dank für die schnelle Antwort!
Super, danke ❤️
merci
Merci beaucoup, ça marche maintenant !
gracias
Muchas gracias, ya funciona
Grazie mille!
Muito obrigada
Bedankt, het werkt weer
Спасибо большое!
ありがとうございます
""".strip().splitlines()

NOT_THE_LAST_WORD = """
thanks for nothing
Thanks for nothing!!
thanks but still broken
thanks, still waiting
no thanks
No, thank you
Thanks...
Thanks…
Thanks a bunch
thanks 🙄
Thanks, and when does it arrive?
thanks?
Thanks. I will wait then
Thank you, but I want my money back
Great. Just great.
great
Great job
Well done, people
is it fixed now
Thanks, not what I ordered
thanks, order 17 as well please
Thanks https://example.com/picture
Danke für nichts
Na toll, danke
danke, aber es geht nicht
merci quand même
gracias por nada
🙏
☕☕☕
Thank you! That was quick.
thanks thanks thanks thanks thanks thanks thanks thanks thanks thanks thanks thanks thanks
""".strip().splitlines()


@pytest.mark.parametrize("text", LAST_WORDS)
def test_a_last_word_is_heard_as_one(text):
    heard = guess(mention(text))

    assert (heard.kind, heard.thanks) == (Kind.PRAISE, True)
    assert heard.because.startswith("“")


@pytest.mark.parametrize("text", [*NOT_THE_LAST_WORD, *COMPLAINTS, ""])
def test_who_says_more_has_not_said_the_last_word(text):
    assert not guess(mention(text)).thanks


def test_a_picture_is_more_than_thanks():
    assert not guess(mention("Thanks!", media=("https://pbs.example/1.jpg",))).thanks


def test_one_or_two_stars_are_a_complaint_whatever_is_said():
    assert guess(mention("Great colours", rating=2)).kind is Kind.COMPLAINT
    assert guess(mention("Great colours", rating=2)).because == "“★★”"
    assert guess(mention("Great colours", rating=3)).kind is Kind.PRAISE


def test_thanks_under_the_subject_of_a_complaint_are_looked_at():
    assert not guess(mention("Thanks!", subject="Re: My machine is broken")).thanks
    assert guess(mention("Thanks!", subject="Re: Order 88412")).thanks


@pytest.mark.parametrize("text", COMPLAINTS)
def test_no_complaint_is_missed(text):
    assert guess(mention(text)).kind is Kind.COMPLAINT


@pytest.mark.parametrize("text", [post.text for post in OUTAGE])
def test_no_complaint_of_a_bad_hour_is_missed(text):
    assert guess(mention(text)).kind is Kind.COMPLAINT


@pytest.mark.parametrize("text", sorted(each for said in NO_HELP.values() for each in said))
def test_who_was_not_helped_complains(text):
    assert guess(mention(text)).kind is Kind.COMPLAINT


@pytest.mark.parametrize("text", sorted(each for said in WAITING.values() for each in said))
def test_who_still_waits_complains(text):
    assert guess(mention(text)).kind is Kind.COMPLAINT


@pytest.mark.parametrize(("text", "kind"), OTHERS)
def test_what_is_no_complaint_is_told_apart(text, kind):
    assert guess(mention(text)).kind is kind


def test_a_subject_counts_as_well():
    assert guess(mention("See the picture.", subject="BROKEN")).kind is Kind.COMPLAINT


def test_a_guess_says_what_spoke_for_it():
    assert guess(mention("It is broken and it LEAKS")).because == "“broken”, “leaks”"
    assert "language" in guess(mention("まだ返事がありません")).because


@pytest.mark.parametrize(
    "text", ["unbroken streak", "the latest news", "a jokester", "suede shoes"]
)
def test_words_inside_other_words_do_not_count(text):
    assert guess(mention(text)).kind is Kind.OTHER
