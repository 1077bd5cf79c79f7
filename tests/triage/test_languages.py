"""In which language a post is written. What is not understood is never taken for English."""

import pytest

from bot.triage import languages
from bot.triage.languages import TAUGHT, language
from bot.triage.reading import plain

SENTENCES = {
    "en": "I have been waiting for my order for three weeks.",
    "de": "Ich warte seit drei Wochen auf meine Bestellung.",
    "es": "Llevo tres semanas esperando mi pedido y nadie contesta.",
    "fr": "J'attends ma commande depuis trois semaines et personne ne répond.",
    "pt": "Estou à espera da minha encomenda há três semanas e ninguém responde.",
    "it": "Aspetto il mio ordine da tre settimane e nessuno risponde.",
    "nl": "Ik wacht al drie weken op mijn bestelling en niemand antwoordt.",
}
OTHERS = {
    "pl": "Czekam na moje zamówienie od trzech tygodni i nikt nie odpowiada.",
    "tr": "Siparişimi üç haftadır bekliyorum ve kimse cevap vermiyor.",
    "hu": "Három hete várok a rendelésemre, és senki sem válaszol.",
    "sv": "Jag har väntat på min beställning i tre veckor och ingen svarar.",
    "ru": "Я жду свой заказ уже три недели, и никто не отвечает.",
    "ja": "注文した商品が三週間たっても届きません。",
    "ar": "أنتظر طلبي منذ ثلاثة أسابيع ولا أحد يجيب.",
}


def test_a_sentence_of_each_taught_language_is_there():
    assert set(SENTENCES) == set(TAUGHT)


@pytest.mark.parametrize(("spoken", "text"), SENTENCES.items())
def test_the_taught_languages_are_recognised_whatever_the_platform_says(spoken, text):
    for told in (None, spoken, "en", "ja", "und"):
        assert language(plain(text), told) == spoken
        assert language(plain(f"@acme {text} https://x.example/1"), told) == spoken


@pytest.mark.parametrize(("spoken", "text"), OTHERS.items())
def test_others_are_not_taken_for_one_that_was_taught(spoken, text):
    for told in (None, spoken, "en"):
        assert language(plain(text), told) == spoken
        assert language(plain(f"@acme {text} https://x.example/1"), told) not in TAUGHT


@pytest.mark.parametrize(
    ("text", "told", "spoken"),
    [
        ("kaputt", "de", "de"),
        ("kaputt", "de-AT", "de"),
        ("Rien reçu", "fr-FR", "fr"),
        ("pas bon", "pl", "pl"),
        ("broken", "EN", "en"),
        ("broken", None, "en"),
        ("ok", "", "en"),
    ],
)
def test_of_few_words_the_platform_decides_or_else_they_are_english(text, told, spoken):
    assert language(plain(text), told) == spoken


@pytest.mark.parametrize("told", [None, "en", "de"])
@pytest.mark.parametrize("text", ["Заказ", "届かない", "متى؟", "איפה", "언제", "🙏 届かない"])
def test_another_script_is_never_one_that_was_taught(text, told):
    assert language(plain(text), told) not in TAUGHT or told is not None


@pytest.mark.parametrize("text", ["", "@acme", "https://x.example", "12345", "?!", "…"])
def test_without_words_of_its_own_a_post_has_no_language_but_the_one_it_is_told(text):
    assert language(plain(text)) is None
    assert language(plain(text), "es") == "es"
    assert language(plain(text), "ja") is None


def test_names_and_links_are_of_no_language():
    said = f"@Wetterbericht @Bahnhofsvorplatz {SENTENCES['fr']} https://deutsche-seite.example"

    assert language(plain(said)) == "fr"


@pytest.mark.parametrize(
    ("text", "spoken"), [("mdr trop nul ce match", "fr"), ("vei na boa to cansada", "pt")]
)
def test_where_the_detector_is_not_sure_the_words_tell(text, spoken, monkeypatch):
    assert language(text) == spoken

    monkeypatch.setattr(languages, "_usual", dict)
    assert language(text) == "en"


def test_words_do_not_outvote_a_detector_that_is_sure(monkeypatch):
    seldom = {word: [0, 30, 30, 30, 30, 30, 30] for word in ("sind", "ihr")}
    monkeypatch.setattr(languages, "_usual", lambda: seldom)

    assert language("Ihr seid am Sonntag gar nicht da, wann sind denn die neuen Zeiten?") == "de"


def test_without_the_words_check_says_what_is_missing(monkeypatch, tmp_path):
    languages._usual.cache_clear()
    monkeypatch.setattr(languages, "USUAL", tmp_path / "languages.json")

    assert "languages.json" in languages.trouble()
    assert language("Where is my order, I ask again") == "en"
    languages._usual.cache_clear()
