"""What is at stake in a complaint: in each language, by both models, wherever it is said."""

import pytest

from bot.domain.guess import Lane, Leaning, Lesson, Severity
from tests.things import mention
from tests.triage.posts import EMBEDDED, FLAGGED, to_us


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("the charger caught fire and burnt my daughter's hand @acme", Severity.SAFETY),
        ("@acme there was glass in the baby food and my son bled from his mouth", Severity.SAFETY),
        (
            "@acme you will hear from my lawyer, I am suing you and cancelling my contract",
            Severity.LEAVING,
        ),
    ],
)
def test_what_is_at_stake_is_seen(model, text, severity):
    assert model.guess(mention(text)).severity is severity


AT_STAKE = [
    ("My parcel is three days late and nobody answers", Severity.ANNOYED),
    ("You absolute clowns, what a disgrace, my parcel is late again", Severity.ANGRY),
    ("That's it, I'm switching to another bank and I will never order again", Severity.LEAVING),
    (
        "There was smoke and a burning smell from your kettle, it nearly caught fire",
        Severity.SAFETY,
    ),
    ("Mein Paket ist seit drei Tagen überfällig und keiner antwortet", Severity.ANNOYED),
    ("Ihr Idioten, so eine Frechheit, das Paket ist schon wieder kaputt", Severity.ANGRY),
    ("Nie wieder! Morgen hört ihr von meinem Anwalt, das Paket ist weg", Severity.LEAVING),
    (
        "Der Wasserkocher hat angefangen zu qualmen, fast hätte es gebrannt, Brandgefahr!",
        Severity.SAFETY,
    ),
    ("Mi paquete lleva tres días de retraso y nadie contesta", Severity.ANNOYED),
    ("No vuelvo a comprar nada con vosotros, voy a denunciar a consumo", Severity.LEAVING),
    ("El hervidor se incendió y mi hija acabó en el hospital con quemaduras", Severity.SAFETY),
    ("Mon colis a trois jours de retard et personne ne répond", Severity.ANNOYED),
    ("Plus jamais chez vous, mon avocat va vous écrire pour ce colis perdu", Severity.LEAVING),
    ("La bouilloire a pris feu, ma fille est à l'hôpital avec des brûlures", Severity.SAFETY),
    ("Minha encomenda está três dias atrasada e ninguém responde", Severity.ANNOYED),
    ("Vou cancelar minha assinatura e abrir reclamação no Procon", Severity.LEAVING),
    ("A chaleira pegou fogo e minha filha foi parar no hospital", Severity.SAFETY),
    ("Il mio pacco è in ritardo di tre giorni e nessuno risponde", Severity.ANNOYED),
    ("Mai più! Ho disdetto l'abbonamento e vi denuncio, il pacco è perso", Severity.LEAVING),
    ("Il bollitore ha preso fuoco e mia figlia è finita al pronto soccorso", Severity.SAFETY),
    ("Mijn pakket is drie dagen te laat en niemand antwoordt", Severity.ANNOYED),
    ("Ik zeg mijn abonnement op en stap naar een advocaat, pakket is weg", Severity.LEAVING),
    ("De waterkoker vloog in brand en mijn dochter ligt in het ziekenhuis", Severity.SAFETY),
]


@pytest.mark.parametrize("way", ["model", "lexical"])
def test_what_is_at_stake_is_seen_in_each_language(way, request):
    guesses = [request.getfixturevalue(way).guess(to_us(text)) for text, _ in AT_STAKE]

    wrong = [
        (text, guess.severity)
        for (text, severity), guess in zip(AT_STAKE, guesses, strict=True)
        if guess.severity is not severity
    ]

    assert wrong == []


def test_words_of_what_is_at_stake_are_quoted_first(model):
    guess = model.guess(to_us("Nobody answers, awful service, and now the kettle caught fire"))

    assert guess.because.startswith("“caught fire”")


@pytest.mark.parametrize("way", ["model", "lexical"])
def test_what_is_at_stake_is_found_wherever_it_stands_in_a_mail(way, request):
    idle = "I write to you about the order that I placed with your shop some weeks ago. " * 20
    awful = "Nobody answers, this is the worst service ever, I am still waiting for a refund. " * 5
    text = f"{awful}{idle}Meanwhile the replacement caught fire and I was in hospital. {idle}"

    assert request.getfixturevalue(way).guess(to_us(text)).severity is Severity.SAFETY


HURT = [
    "Il bollitore ha preso fuoco e mia figlia è finita al pronto soccorso",
    "Der Wasserkocher hat zu brennen angefangen, als ich daneben stand",
    "so apparently the acme lamp can give you an electric shock",
]


@pytest.mark.parametrize("way", ["model", "lexical"])
@pytest.mark.parametrize("recall", [0.85, 0.95])
def test_where_somebody_may_be_hurt_it_is_to_be_checked_however_mild_it_sounds(
    way, recall, request
):
    triage = request.getfixturevalue(way)

    for said in (*map(mention, HURT), *map(to_us, HURT)):
        guess = triage.guess(said, Leaning(recall=recall))

        assert guess.lane in FLAGGED
        assert guess.severity is Severity.SAFETY


def test_a_team_may_teach_that_such_words_are_nothing_to_it(taught):
    """A hospital's: there they stand in every post."""
    asked = mention(HURT[2])
    lowered = Lesson(weights=bytes(4 * EMBEDDED), bias=-2.0)

    taught.learn({"care": {"complaint": lowered}})

    assert taught.guess(asked).lane is Lane.CHECK
    assert taught.guess(asked, team="care").lane not in FLAGGED


def test_stars_and_keywords_tell_what_is_at_stake_as_well(model):
    burns = "The charger caught fire next to my bed"

    assert model.guess(mention(burns, rating=1)).severity is Severity.SAFETY
    assert model.guess(mention("Too small", rating=1)).severity is None
    forced = model.guess(mention(burns), Leaning(complaints=("charger",)))
    assert (forced.lane, forced.severity) == (Lane.SURE, Severity.SAFETY)
