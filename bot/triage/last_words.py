"""What closes a conversation, in the languages our customers write most."""

import re


def _any(*words: str) -> re.Pattern[str]:
    """One pattern that finds any of these; an asterisk at the end stands for any ending."""
    parts = (re.escape(word).replace(r"\*", r"\w*") for word in words)
    return re.compile(r"(?<!\w)(?:" + "|".join(parts) + r")(?!\w)")


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
