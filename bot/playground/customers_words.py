"""What the customers of Acme say: coffee machines, capsules, and the parcels they come in."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Post:
    """One thing that one customer says, and what becomes of it without anybody's doing."""

    text: str
    by: str
    name: str
    followers: int = 0
    language: str = "en"
    media: tuple[str, ...] = ()
    public: bool = True
    origin: str = ""  # "": written by a person
    edited: str = ""  # what it says half a minute later
    regretted: bool = False  # deleted again, unless it was answered
    patient: bool = False  # never asks whether anyone is there
    quiet: bool = False  # has nothing more to say, whatever happens


PHOTOS = "https://photos.example/"

POSTS = (
    Post(
        "@acme order 88412 arrived today with the milk tank in two pieces. "
        "Second broken one in a month. What now?",
        "mira_bakes",
        "Mira Lindqvist",
        1204,
        media=(PHOTOS + "milk-tank.jpg",),
    ),
    Post(
        "Does the Acme Piccolo take the old capsules too, or only the new round ones?",
        "jonas_k",
        "Jonas Keller",
        87,
        patient=True,
    ),
    Post(
        "Three weeks with my @acme Piccolo and I have not been to a café since. "
        "Well done, people ☕",
        "tomasz.w",
        "Tomasz Wilk",
        342,
        quiet=True,
    ),
    Post(
        "Your courier marked my parcel as delivered at 14:02. I was standing at "
        "the door at 14:02. "
        "There was no courier. @acme",
        "DeeOnTheRoof",
        "Deirdre Walsh",
        2950,
    ),
    Post(
        "@acme Seit Montag zeigt meine Maschine nur noch E07. Entkalkt habe ich dreimal. "
        "Was soll ich noch tun?",
        "frau_petersen",
        "Inge Petersen",
        156,
        "de",
    ),
    Post(
        "Charged twice for one order (A-20931), and the chat bot keeps offering "
        "me a discount on "
        "descaler. I'd rather have my 189 euros back, @acme.",
        "raf_mendes",
        "Rafael Mendes",
        611,
    ),
    Post(
        "¿Alguien de @acme me puede decir cuándo vuelve a haber cápsulas de descafeinado? "
        "Llevan agotadas desde septiembre.",
        "lucia.rv",
        "Lucía Rivas",
        233,
        "es",
        patient=True,
    ),
    Post(
        "J'ai commandé chez @acme le 3, livraison « sous 48 h ». Nous sommes le 21. "
        "Le colis dort à Lyon et personne ne répond au téléphone.",
        "camille_d",
        "Camille Duval",
        1780,
        "fr",
    ),
    Post(
        "is it just me or is the acme app down",
        "kofi_b",
        "Kofi Boateng",
        419,
        edited="is it just me or is the acme app down? can't log in since 9, says "
        "“session expired”",
    ),
    Post(
        "Shout-out to whoever packed my @acme parcel: handwritten note, no "
        "plastic, and a chocolate. "
        "You made my Tuesday.",
        "hannah_reads",
        "Hannah Brooks",
        980,
        media=(PHOTOS + "handwritten-note.jpg",),
        quiet=True,
    ),
    Post(
        "@acme machine leaks from below since the firmware update. Kitchen floor is ruined. "
        "I want this repaired or collected THIS WEEK.",
        "stefan_vdb",
        "Stefan van den Berg",
        74,
        media=(PHOTOS + "kitchen-floor.jpg",),
    ),
    Post(
        "Hoe kan ik mijn abonnement op capsules een maand pauzeren? In de app "
        "zie ik alleen opzeggen. "
        "@acme",
        "marleen_utr",
        "Marleen Visser",
        128,
        "nl",
        patient=True,
    ),
    Post(
        "<!channel> <!here> URGENT security notice: verify your Acme account within 24 h "
        "<https://acme-verify.example/login|acme.example> or it will be closed "
        "*today* `sudo rm -rf /`",
        "acme_support_team1",
        "Acme Support Team",
        3,
        quiet=True,
    ),
    Post(
        "La macchina che mi avete mandato è bellissima ma la spina è inglese. Abito a Torino. "
        "@acme, e adesso?",
        "giulia.f",
        "Giulia Ferrero",
        540,
        "it",
    ),
    Post(
        "O site da @acme não aceita o meu código postal. Tentei com e sem hífen. "
        "Como é que compro?",
        "nuno_alves",
        "Nuno Alves",
        65,
        "pt",
    ),
    Post(
        "Asked for a refund on 2 November. “Five working days.” It is now day fourteen. "
        "Ticket 55-1043. @acme please just look at it.",
        "priya.s",
        "Priya Shah",
        3120,
    ),
    Post(
        "@acme の新しいマシン、とても静かで気に入っています。朝、家族を起こさずにすみます。",
        "yuki_asagohan",
        "山口 ゆき",
        870,
        "ja",
        quiet=True,
    ),
    Post(
        "طلبت ماكينة القهوة قبل أسبوعين ولم تصل حتى الآن. رقم الطلب 77310. هل من رد؟ @acme",
        "layla_cafe",
        "ليلى حداد",
        1490,
        "ar",
    ),
    Post(
        "What's the return window on opened capsules? Asking for a friend who "
        "hates hazelnut. @acme",
        "notthathazel",
        "Hazel Quinn",
        255,
        patient=True,
    ),
    Post(
        "Great, @acme. Just great. Paid for express, got “we will contact you within 10 days”.",
        "martin_oh",
        "Martin O'Hara",
        47,
    ),
    Post(
        "Is the Piccolo dishwasher safe, at least the drip tray? The manual says nothing.",
        "sofia.nord",
        "Sofia Nordin",
        312,
        patient=True,
    ),
    Post(
        "RT @DeeOnTheRoof: Your courier marked my parcel as delivered at 14:02. "
        "I was standing at the door at 14:02.",
        "parcel_watch",
        "Parcel Watch",
        8800,
        origin="repost",
        quiet=True,
    ),
    Post(
        "Ihr habt meine Adresse geändert und das Paket an meine Ex-Freundin geschickt. "
        "Das ist nicht lustig, @acme. Das ist ein Datenschutzproblem.",
        "m_brandt",
        "Moritz Brandt",
        388,
        "de",
    ),
    Post(
        "Acme, your new advert with the dog is the only one I don't skip.",
        "lee_on_film",
        "Lee Chang",
        5400,
        quiet=True,
    ),
    Post(
        "I am a nurse on nights, this machine is all I have, and it died at 3 am. "
        "Any chance of a loaner while you repair it? @acme",
        "nightshift_jo",
        "Jo Adeyemi",
        690,
    ),
    Post(
        "worst. company. ever. @acme",
        "grumblewood",
        "Pete Underwood",
        22,
        regretted=True,
        quiet=True,
    ),
    Post(
        "Llevo cuatro correos y dos llamadas por una cafetera que quema el café. "
        "Si mañana no hay respuesta, hoja de reclamaciones. @acme",
        "javi_mtz",
        "Javier Martínez",
        945,
        "es",
    ),
    Post(
        "Do you ship to Iceland? The checkout lets me choose it and then says no. @acme",
        "birta_j",
        "Birta Jónsdóttir",
        201,
    ),
    Post(
        "Automatic reply: I am out of the office until 30 November. "
        "In urgent cases write to office@lumen.example.",
        "lumen_office",
        "Lumen Studio",
        140,
        origin="automated",
        quiet=True,
    ),
    Post(
        "We run 14 of your office machines and four have the same grinder fault. "
        "Who do I talk to "
        "about a service contract, @acme? DMs are closed on your side.",
        "ops_nadia",
        "Nadia Rahman",
        1310,
    ),
    Post(
        "Merci @acme pour le remplacement en deux jours, sans discuter. "
        "C'est devenu rare, donc je le dis !",
        "paul.leroy",
        "Paul Leroy",
        415,
        "fr",
        quiet=True,
    ),
    Post(
        "My 82-year-old father can't read the buttons on the Piccolo. Grey on grey. "
        "Is there a sticker set or something? @acme",
        "ellen_vd",
        "Ellen Vaughan-Davies",
        730,
    ),
    Post(
        "Found a piece of metal in a capsule. Kept it, photographed it. "
        "Call me before I call somebody else. @acme",
        "chef_okoye",
        "Emeka Okoye",
        12400,
        media=(PHOTOS + "capsule-1.jpg", PHOTOS + "capsule-2.jpg"),
    ),
    Post(
        "Quando torna la miscela Napoli? L'ho bevuta per due anni e adesso è "
        "sparita dal sito. @acme",
        "vale_caffe",
        "Valentina Greco",
        178,
        "it",
        patient=True,
    ),
    Post(
        "unsubscribed from your newsletter 4 times. FOUR. it came again this morning @acme",
        "ringo_s",
        "Sam Ringold",
        93,
    ),
    Post(
        "De monteur van @acme was vriendelijk, op tijd en liet de keuken schoner "
        "achter dan hij was. 👏",
        "bas_eindhoven",
        "Bas Janssen",
        64,
        "nl",
        quiet=True,
    ),
    Post(
        "Does anybody at @acme know if the grinder from the 2023 model fits the 2026 one? "
        "Part number GR-11.",
        "fixit_frida",
        "Frida Holm",
        2210,
        edited="Does anybody at @acme know if the grinder from the 2023 model fits the "
        "2026 one? "
        "Part number GR-11, not GR-12 as the shop says.",
    ),
    Post(
        "Comprei a máquina na Black Friday e o desconto nunca foi aplicado. "
        "Tenho o print. @acme, quem resolve isso?",
        "bia.costa",
        "Beatriz Costa",
        1015,
        "pt",
        media=(PHOTOS + "black-friday.png",),
    ),
    Post(
        "Writing this privately: my order confirmation shows someone else's name "
        "and phone number. "
        "You may want to check that quickly.",
        "a_careful_one",
        "Anneke de Wit",
        38,
        public=False,
    ),
    Post(
        "カプセルの定期便を注文しましたが、確認メールが届きません。注文番号は A-31177 です。@acme",
        "ken_roast",
        "佐藤 健",
        96,
        "ja",
    ),
    Post(
        "Comparing @acme and two others for our café. Details: "
        "https://blog.example/three-machines. "
        "Happy to hear your side before I publish on Friday.",
        "slowbrew_mag",
        "Slow Brew Magazine",
        48200,
    ),
    Post(
        "Standing in your Hamburg store with a voucher nobody can scan. 25 "
        "people behind me. Hi. @acme",
        "timo_hh",
        "Timo Hansen",
        510,
    ),
    Post(
        "هل تتوفر كبسولات خالية من الكافيين في دبي؟ شكرًا مقدمًا @acme",
        "omar.dxb",
        "عمر الفارس",
        620,
        "ar",
        patient=True,
    ),
    Post(
        "The lid of the water tank snapped. It is a 2 euro part and your shop "
        "wants 19 plus postage. "
        "Really, @acme?",
        "mira_bakes",
        "Mira Lindqvist",
        1204,
    ),
    Post(
        "Hat jemand Erfahrung, wie lange @acme gerade für Reparaturen braucht? Wochen oder Monate?",
        "jonas_k",
        "Jonas Keller",
        87,
        "de",
    ),
    Post(
        "Update on ticket 55-1043: still nothing. I have started to draw a chart. @acme",
        "priya.s",
        "Priya Shah",
        3120,
        media=(PHOTOS + "refund-chart.png",),
    ),
    Post(
        "Kudos to Ana from @acme support who called me back on a Sunday. Problem "
        "gone in 5 minutes.",
        "greta_pk",
        "Greta Pokorny",
        149,
        quiet=True,
    ),
    Post(
        "La vostra app mi ha appena ordinato 200 capsule. Duecento. Il mio gatto "
        "era sul tablet. "
        "Si può annullare? @acme",
        "nonna_digitale",
        "Rosa Bianchi",
        7300,
        "it",
    ),
    Post(
        "Is your warehouse hiring? Asking because my parcel has been there long "
        "enough to apply. @acme",
        "DeeOnTheRoof",
        "Deirdre Walsh",
        2950,
    ),
    Post(
        "Selling my coffee corner: Acme Grande, two years old, works like new, pick-up in Leeds.",
        "leeds_lists",
        "Leeds Lists",
        1900,
        quiet=True,
    ),
    Post(
        'Nice shop you have there, @acme <img src=x onerror="alert(1)"> ; DROP TABLE orders; -- '
        "&lt;!everyone&gt; [click](javascript:alert(1)) @here",
        "b0bby_tables",
        "Robert T.",
        1337,
        quiet=True,
    ),
    Post(
        "How do I get an invoice with our VAT number on it? The accountant is looking at me. @acme",
        "studio_kaya",
        "Kaya Demir",
        284,
    ),
)

OUTAGE = (
    Post("@acme is your site down? Can't pay.", "ines_p", "Inês Pires", 210),
    Post("acme checkout gives me Error 503. Anyone else?", "dr_holt", "Adam Holt", 1650),
    Post("@acme Warenkorb leer, Geld weg. Bitte erklären.", "svenja.l", "Svenja Lorenz", 92, "de"),
    Post("Paid, no order, no mail. What is going on @acme?!", "marcus_t", "Marcus Thiel", 430),
    Post(
        "¿Se ha caído la web de @acme? Me han cobrado dos veces.", "pablo_g", "Pablo Gil", 77, "es"
    ),
    Post("503 503 503. Third try. Giving up on @acme.", "wren_writes", "Wren Abbott", 5100),
    Post(
        "Le paiement tourne en boucle depuis 20 min @acme", "elodie.m", "Élodie Marchal", 318, "fr"
    ),
    Post(
        "app logs me out, site won't load, phone line busy. @acme hello?",
        "t_okada",
        "Taro Okada",
        640,
    ),
    Post(
        "Sito @acme irraggiungibile da mezz'ora. Devo preoccuparmi per la carta?",
        "luca.b",
        "Luca Berti",
        155,
        "it",
    ),
    Post(
        "If you bought anything at @acme in the last hour, check your card.",
        "scamspotter",
        "Scam Spotter",
        31800,
    ),
    Post("@acme betaling afgeschreven maar geen bevestiging", "joost_nl", "Joost Bakker", 48, "nl"),
    Post(
        "@acme Kasse down, dreimal abgebucht, keine Bestellung. Das ist Betrug, ich gehe zum "
        "Anwalt.",
        "h_brandt",
        "Holger Brandt",
        61,
        "de",
    ),
    Post(
        "@acme Seit einer Stunde Fehler 503, und niemand sagt etwas. Unverschämt.",
        "mia.vogel",
        "Mia Vogel",
        204,
        "de",
    ),
    Post(
        "Muy mal, @acme: he pagado, la web no funciona y nadie contesta. No vuelvo a comprar aquí.",
        "sara_ortega",
        "Sara Ortega",
        530,
        "es",
    ),
    Post(
        "@acme le site est en panne, j'ai été débité deux fois. C'est inadmissible, je change de "
        "marque.",
        "theo_b",
        "Théo Bonnet",
        149,
        "fr",
    ),
    Post(
        "@acme while your site is down nobody can look up the recall: my Piccolo is smoking and "
        "the plug is burnt. My child was standing next to it!",
        "nina_h",
        "Nina Hughes",
        88,
    ),
)
BESIDE = (  # what else is said in such an hour: questions, jokes, praise, noise
    Post(
        "@acme do you know when checkout will be back? I can order tomorrow just as well.",
        "prof_lin",
        "Lin Zhao",
        912,
        patient=True,
    ),
    Post(
        "@acme wann seid ihr wieder online? Hat keine Eile.",
        "jan_otto",
        "Jan Otto",
        33,
        "de",
        patient=True,
    ),
    Post(
        "@acme ¿a qué hora estará la web otra vez? Gracias.",
        "marta.q",
        "Marta Quiroga",
        120,
        "es",
        patient=True,
    ),
    Post(
        "The acme outage is nature's way of telling me that nine coffees are enough 😄",
        "punny_pete",
        "Pete Farrow",
        2210,
        quiet=True,
    ),
    Post(
        "Server bei @acme weg. Hat da jemand Kaffee in den Router gekippt? 😂",
        "kaffeekalle",
        "Kalle Brink",
        740,
        "de",
        quiet=True,
    ),
    Post(
        "Say what you like, @acme support told me all about it in two minutes. Lovely people!",
        "oona_m",
        "Oona Moran",
        275,
        quiet=True,
    ),
    Post(
        "Courage à l'équipe @acme ce matin, votre café reste le meilleur ❤️",
        "manon_cafe",
        "Manon Caron",
        463,
        "fr",
        quiet=True,
    ),
    Post(
        "🔥 50% OFF coffee pods TODAY ONLY 🔥 fits all machines, use code POD50 at "
        "https://pods-outlet.example #acme #deal #sale",
        "pods_outlet",
        "Pods Outlet",
        12050,
        quiet=True,
    ),
    Post(
        "Earn $500 a day from home! No experience needed, DM me for the link 💰 #acme #money",
        "easy_money_jo",
        "Jo Rich",
        4,
        quiet=True,
    ),
    Post(
        "Automatic reply: I am out of the office until Monday with no access to my messages. In "
        "urgent cases please contact my colleagues.",
        "b.sorensen",
        "Birgit Sørensen",
        19,
        public=False,
        quiet=True,
    ),
    Post(
        "@acme zapłaciłam i nie mam żadnego potwierdzenia, strona nie działa od rana.",
        "kasia_n",
        "Katarzyna Nowak",
        310,
        "pl",
        quiet=True,
    ),
)
STORM = (*OUTAGE, *BESIDE)

WAITING = {
    "en": ("Hello??? Anyone there?", "Still waiting.", "Is anybody reading this?"),
    "de": ("Hallo??? Ist da jemand?", "Ich warte immer noch."),
    "es": ("¿Hola? ¿Hay alguien?", "Sigo esperando."),
    "fr": ("Allô ? Il y a quelqu'un ?", "J'attends toujours."),
    "pt": ("Olá??? Está aí alguém?", "Continuo à espera."),
    "it": ("Pronto??? C'è qualcuno?", "Sto ancora aspettando."),
    "nl": ("Hallo??? Is daar iemand?", "Ik wacht nog steeds."),
    "ja": ("まだ返事がありません。どなたかいませんか？",),
    "ar": ("مرحبا؟ هل من أحد هنا؟",),
}
THANKS = {
    "en": ("Thank you! That was quick.", "That worked. Thanks!", "Great, thank you for the help ❤️"),
    "de": ("Danke, das hat geholfen!", "Super, vielen Dank."),
    "es": ("¡Muchas gracias!", "Perfecto, gracias por la ayuda."),
    "fr": ("Merci beaucoup !", "Parfait, merci pour votre aide."),
    "pt": ("Muito obrigado!", "Resolvido, obrigada."),
    "it": ("Grazie mille!", "Perfetto, grazie dell'aiuto."),
    "nl": ("Dank je wel!", "Top, bedankt voor de hulp."),
    "ja": ("ありがとうございます！助かりました。",),
    "ar": ("شكرًا جزيلًا!",),
}
NO_HELP = {
    "en": (
        "That did not help, I'm afraid. Same as before.",
        "I tried that already. What else?",
        "With respect: that is not what I asked.",
    ),
    "de": ("Das hat leider nicht geholfen.", "Das hatte ich schon versucht. Und jetzt?"),
    "es": ("Eso no me ha servido, sigue igual.",),
    "fr": ("Ça n'a pas marché, c'est toujours pareil.",),
    "pt": ("Não resultou, continua na mesma.",),
    "it": ("Non ha funzionato, è come prima.",),
    "nl": ("Dat hielp helaas niet.",),
    "ja": ("残念ですが、解決しませんでした。",),
    "ar": ("للأسف لم يساعد ذلك.",),
}
