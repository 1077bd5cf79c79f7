"""What a whole triage makes of posts, with its real weights.

A missed complaint is the worst error; a false alarm costs a glance. No model finds everything, so
shares are asked for, and what is missed is named.
"""

from collections.abc import Iterable, Sequence

import pytest

from bot.domain.guess import Lane, Leaning, Manner
from bot.domain.mention import QUOTES_US, Kind
from bot.playground.customers_words import BESIDE, NO_HELP, OUTAGE, WAITING
from bot.triage import BALANCED, Triage, lanes
from bot.triage.languages import TAUGHT
from tests.things import mention
from tests.triage.posts import COMPLAINTS, FLAGGED, odds, to_us

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


NOT_HELPED = sorted(each for said in NO_HELP.values() for each in said)
WAIT = sorted(each for said in WAITING.values() for each in said)
DOWN = [post.text for post in OUTAGE]
UNTAUGHT = """
カプセルの定期便を注文しましたが、確認メールが届きません
طلبت ماكينة القهوة قبل أسبوعين ولم تصل حتى الآن
Мой заказ так и не пришёл
המכונה לא עובדת
물건이 아직 안 왔어요
まだ返事がありません。どなたかいませんか？
للأسف لم يساعد ذلك.
Czekam na moje zamówienie od trzech tygodni i nikt nie odpowiada
Siparişimi üç haftadır bekliyorum ve kimse cevap vermiyor
Három hete várok a rendelésemre, és senki sem válaszol
Jag har väntat på min beställning i tre veckor och ingen svarar
""".strip().splitlines()
ABSENT = """
I am out of office until Monday, 30 November. In urgent cases write to my colleagues.
Automatic reply: I am out of the office until Monday with no access to my messages.
This mailbox is not monitored. Please do not reply to this automatic message.
Ich bin bis Montag nicht im Büro und habe keinen Zugriff auf meine E-Mails.
""".strip().splitlines()
SELLING = """
🔥 50% OFF coffee pods TODAY ONLY 🔥 fits all machines, use code POD50 at https://pods.example #sale
Earn $500 a day from home! No experience needed, DM me for the link 💰 #money
Get 10,000 real followers for only $9.99, follow us and DM to start today!
""".strip().splitlines()


def missed(triage: Triage, texts: Iterable[str], leaning: Leaning = BALANCED) -> Sequence[str]:
    guesses = {text: triage.guess(to_us(text), leaning) for text in texts}
    return [text for text, guess in guesses.items() if guess.lane not in FLAGGED]


def alarms(triage: Triage, texts: Sequence[str]) -> Sequence[str]:
    return [text for text in texts if text not in missed(triage, texts)]


# Which are complaints


@pytest.mark.parametrize(
    "texts",
    [COMPLAINTS, NOT_HELPED, WAIT, DOWN],
    ids=["what goes wrong", "who was not helped", "who still waits", "a bad hour"],
)
def test_hardly_a_complaint_is_missed(model, texts):
    lost = missed(model, texts)

    assert len(lost) <= 0.1 * len(texts), f"{1 - len(lost) / len(texts):.3f}, without {lost}"


@pytest.mark.parametrize("texts", [COMPLAINTS, NOT_HELPED, WAIT, DOWN])
def test_few_complaints_are_missed_by_words_alone(lexical, texts):
    lost = missed(lexical, texts)

    assert len(lost) <= 0.15 * len(texts), f"{1 - len(lost) / len(texts):.3f}, without {lost}"


@pytest.mark.parametrize("way", ["model", "lexical"])
@pytest.mark.parametrize("text", UNTAUGHT)
def test_a_language_nobody_taught_has_the_complaints_clock(way, text, request):
    guess = request.getfixturevalue(way).guess(to_us(text))

    assert (guess.kind, guess.lane, guess.complaint) == (Kind.COMPLAINT, Lane.CHECK, None)
    assert guess.untaught
    assert guess.language not in TAUGHT
    assert "language" in guess.because


@pytest.mark.parametrize(
    ("unknown", "lane"), [(Kind.QUESTION, Lane.QUESTION), (Kind.OTHER, Lane.REST)]
)
def test_unless_its_team_says_otherwise(model, unknown, lane):
    guesses = [model.guess(to_us(text), Leaning(unknown=unknown)) for text in UNTAUGHT]

    assert {(guess.kind, guess.lane) for guess in guesses} == {(unknown, lane)}


def test_most_of_what_is_no_complaint_is_none(model):
    texts = [text for text, _ in OTHERS]
    wrong = alarms(model, texts)

    assert len(wrong) <= 0.25 * len(texts), f"{1 - len(wrong) / len(texts):.3f}, without {wrong}"


def test_questions_and_praise_are_told_apart(model):
    guesses = {text: model.guess(to_us(text)) for text, _ in OTHERS}
    right = [text for text, kind in OTHERS if guesses[text].kind is kind]
    calm = [text for text, _ in OTHERS if guesses[text].lane not in FLAGGED]

    assert len(right) >= 0.8 * len(calm)


def test_of_what_is_said_beside_a_storm_some_is_quiet(model):
    texts = [post.text for post in BESIDE if post.language in TAUGHT]
    wrong = alarms(model, texts)

    assert len(wrong) <= 0.5 * len(texts), f"{1 - len(wrong) / len(texts):.3f}, without {wrong}"


def test_who_wants_more_found_is_shown_no_fewer(model):
    texts = [*COMPLAINTS, *(text for text, _ in OTHERS), *NOT_THE_LAST_WORD]
    lost = [set(missed(model, texts, Leaning(recall=share))) for share in (0.9, 0.95, 0.97, 0.99)]

    assert lost[3] <= lost[2] <= lost[1] <= lost[0]
    assert len(lost[3]) < len(lost[0])


@pytest.mark.parametrize("way", ["model", "lexical"])
def test_a_guess_says_how_likely_it_is(way, request):
    for text in (*COMPLAINTS, *(text for text, _ in OTHERS)):
        guess = request.getfixturevalue(way).guess(to_us(text))
        if not guess.untaught and not guess.thanks:
            assert guess.complaint is not None
            assert 0 <= guess.complaint <= guess.needs_answer <= 1


# What decides alone


@pytest.mark.parametrize("text", LAST_WORDS)
def test_a_last_word_is_heard_as_one(text):
    triage = Triage()
    heard = triage.guess(mention(text))

    assert (heard.kind, heard.thanks) == (Kind.PRAISE, True)
    assert heard.because.startswith("“")
    assert "mind" not in vars(triage), "last words need no model"


@pytest.mark.parametrize("text", [*NOT_THE_LAST_WORD, *COMPLAINTS, ""])
def test_who_says_more_has_not_said_the_last_word(model, text):
    assert not model.guess(mention(text)).thanks


def test_a_picture_is_more_than_thanks(model):
    assert not model.guess(mention("Thanks!", media=("https://pbs.example/1.jpg",))).thanks


def test_thanks_under_the_subject_of_a_complaint_are_looked_at(model):
    assert not model.guess(mention("Thanks!", subject="Re: My machine is broken")).thanks
    assert model.guess(mention("Thanks!", subject="Re: Order 88412")).thanks


@pytest.mark.parametrize("way", ["model", "lexical"])
def test_one_or_two_stars_are_a_complaint_whatever_is_said(way, request):
    triage = request.getfixturevalue(way)

    for stars in (1, 2):
        guess = triage.guess(mention("Great colours", rating=stars))
        assert (guess.kind, guess.lane) == (Kind.COMPLAINT, Lane.SURE)
        assert guess.because == f"“{'★' * stars}”"
    assert "★" not in triage.guess(mention("Great colours", rating=3)).because


def test_five_stars_and_a_complaint_are_a_complaint(model):
    said = "The courier threw it over the fence, it is broken and nobody answers"

    assert model.guess(mention(said, rating=5)).lane in FLAGGED


@pytest.mark.parametrize("way", ["model", "lexical"])
def test_a_teams_keywords_decide_and_those_for_complaints_come_first(way, request):
    triage = request.getfixturevalue(way)
    ours = Leaning(complaints=("Grinder Recall",), others=("job advert", "recall"))

    recalled = triage.guess(mention("lovely, the GRINDER RECALL and a job advert"), ours)
    advert = triage.guess(mention("My order is broken. Is this your Job Advert?"), ours)
    subject = triage.guess(mention("See below.", subject="Grinder recall"), ours)

    assert (recalled.kind, recalled.lane) == (Kind.COMPLAINT, Lane.SURE)
    assert recalled.because == "“Grinder Recall”"
    assert (advert.kind, advert.lane) == (Kind.OTHER, Lane.REST)
    assert subject.kind is Kind.COMPLAINT


# What is known beside the words


@pytest.mark.parametrize("way", ["model", "lexical"])
@pytest.mark.parametrize("text", ["", " ", "😡"[:0], "...", "?!"])
def test_a_picture_without_words_is_a_question(way, text, request):
    guess = request.getfixturevalue(way).guess(mention(text, media=("https://p.example/1.jpg",)))

    assert (guess.kind, guess.lane, guess.complaint) == (Kind.QUESTION, Lane.QUESTION, None)


@pytest.mark.parametrize("way", ["model", "lexical"])
def test_a_subject_counts_as_well(way, request):
    triage = request.getfixturevalue(way)

    said = triage.guess(mention("See the picture.", subject="Third time broken, I want a refund"))
    assert said.lane in FLAGGED
    assert odds(said) > odds(triage.guess(mention("See the picture.", subject="Order 88412")))


@pytest.mark.parametrize("way", ["model", "lexical"])
@pytest.mark.parametrize("text", ["I tried that.", "Order 77310", "Und jetzt?", "No me ha servido"])
def test_after_a_complaint_it_more_likely_is_one(way, text, request):
    triage = request.getfixturevalue(way)
    again, first, asked = (
        triage.guess(to_us(text), after=kind) for kind in (Kind.COMPLAINT, None, Kind.QUESTION)
    )

    assert odds(again) > odds(first) == odds(asked)


@pytest.mark.parametrize(
    "said", [{"parent": "d0"}, {"public": False}, {"subject": " "}, {"rating": 4}]
)
def test_what_is_said_to_us_is_more_likely_a_complaint_than_what_is_found(model, said):
    text = "the acme app and its new colours"
    found, told = model.guess(mention(text)), model.guess(mention(text, **said))

    assert odds(told) - odds(found) == pytest.approx(-lanes.FOUND)


def test_who_names_us_with_a_handle_says_it_to_us(model):
    text = "the app of acme and its new colours"

    assert odds(model.guess(mention(f"@acme {text}"))) > odds(model.guess(mention(text)))


def test_who_quotes_us_says_it_to_us(model):
    said = "These fell apart after a week"
    quote = mention(said, extra={QUOTES_US: True})

    assert odds(model.guess(quote)) > odds(model.guess(mention(said)))
    assert odds(model.guess(quote)) == pytest.approx(odds(model.guess(mention(said, parent="d0"))))


# What it says of itself


@pytest.mark.parametrize("way", ["model", "lexical"])
def test_a_guess_says_what_spoke_for_it(way, request):
    said = "Third time that it is broken and it still leaks"
    because = request.getfixturevalue(way).guess(to_us(said)).because

    quoted = because.replace("“", "").replace("”", "").split(", ")
    assert quoted
    assert all(quote.lower() in said.lower() for quote in quoted)


def test_a_guess_shows_a_taught_sentence_that_is_like_it(model):
    assert model.guess(to_us("My parcel never arrived and nobody answers")).similar


@pytest.mark.parametrize("text", ABSENT)
def test_what_no_person_wrote_is_recognised(model, text):
    assert model.guess(mention(text)).manner is Manner.AUTOMATED


@pytest.mark.parametrize("text", SELLING)
def test_advertisements_are_recognised_and_quiet(model, text):
    guess = model.guess(mention(text))

    assert guess.manner is Manner.PROMOTION
    assert guess.lane is Lane.REST
    assert guess.aside == Manner.PROMOTION


@pytest.mark.parametrize(
    "text",
    [
        "50% OFF!!! says your newsletter @acme, but my order never came and nobody answers #sale",
        "🔥 TODAY ONLY 🔥 use code NEVER50 at https://x.example: @acme charged me twice, I want a "
        "refund 🔥 #deal",
        "Automatic reply: @acme my machine is broken for the third time and nobody answers",
    ],
)
def test_a_complaint_in_the_dress_of_something_else_is_not_quiet(model, text):
    guess = model.guess(mention(text))

    assert guess.kind is Kind.COMPLAINT
    assert guess.lane in FLAGGED
    assert guess.aside == ""


# What its team has taught
