"""What speaks against a person's name in running text: things named for people, firms, makes, places, words of the language."""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Before or after it: a street, a house, an office, a law of nature. In small letters.
THINGS = _words("""
    street st road avenue ave lane drive boulevard square park garden gardens hill bridge station airport hotel inn hospital school college university
    church cathedral museum theatre theater library stadium prize award medal foundation institute center centre bank tower
    island islands bay lake river valley mountain mount beach county city town village north south east west day night eve holiday festival fund
    theorem test method law effect disease syndrome index scale algorithm model distribution process filter transform equation score number
    constant paradox principle rule razor lemma conjecture noise curve matrix kernel boots jeans shoes tea ale beer whiskey wine cheese chair table
    lamp sponge set project protocol server client api library framework engine edition release version license licence act bill
    partners capital industries solutions systems services studios team sons brothers associates llp controls press media books records
    straße strasse platz allee weg gasse ufer damm brücke bahnhof flughafen kirche schule gymnasium universität hochschule krankenhaus klinik stiftung verein
    preis museum tor turm mauer gedächtniskirche haus hof markt verlag werke motoren maschinenbau versicherung sparkasse bank partei orchester satz verfahren gesetz
    rue avenue place boulevard quai impasse allée chemin pont gare aéroport hôpital école lycée collège université musée théâtre église fondation prix théorème loi
    méthode filtre maladie frères banque société hôtel square cours stade
    calle plaza avenida paseo camino puente estación aeropuerto hospital escuela instituto universidad museo teatro iglesia fundación premio teorema ley método
    enfermedad hermanos banco empresa club colegio barrio virgen
    via piazza viale corso largo vicolo ponte stazione aeroporto ospedale scuola liceo istituto università museo teatro chiesa fondazione premio teorema legge metodo
    malattia fratelli banca ditta monte lago stadio
    rua avenida praça travessa largo estrada ponte estação aeroporto hospital escola instituto universidade museu teatro igreja fundação prêmio prémio teorema lei
    método doença irmãos banco empresa edifício
    straat laan plein gracht weg kade brug station luchthaven ziekenhuis school universiteit museum theater kerk stichting prijs stelling wet methode ziekte gebroeders
    bank bedrijf toets arena
    ulica ulicy ul plac placu aleja alei al most dworzec lotnisko szpital szkoła liceum uniwersytet muzeum teatr kościół fundacja nagroda twierdzenie prawo metoda
    choroba bracia bank firma firmy osiedle rondo pomnik stadion
    hurricane storm typhoon saint sankt san santa santo são st sint sainte lake mount fort port cape
    kaiser könig königin king queen prince princess pope papst roi reine rey reina papa príncipe koning król
""")
# After it, and written large: it is a firm's.
FIRMS = _words("""
    ltd limited inc llc plc corp corporation company co gmbh ag kg kgaa ohg ug ev gbr sa sas sarl sl srl spa bv nv ab as oy sp group gruppe groupe grupo
    holding holdings ltda lda eirl snc s.l s.a s.p.a s.r.l b.v n.v
""")
# Before a name these are a street's, a square's or a saint's, though people are called so too.
LEADING = _words("""
    via corso rua calle piazza place viale plaza avenida rue ulica plac largo praça paseo camino quai monte mont san santa santo são saint st sankt sint sainte
    king queen kaiser könig banco banca bank hotel hôtel mount lake fort port cape hurricane storm college colegio museo museu virgen plac new
""")
# Endings of German, Dutch and Scandinavian compounds that are streets and houses.
COMPOUNDS = (
    "straße",
    "strasse",
    "straat",
    "gasse",
    "platz",
    "plein",
    "allee",
    "laan",
    "gracht",
    "gatan",
    "vägen",
    "kirche",
    "schule",
    "brücke",
    "turm",
    "haus",
    "klinik",
)
# Names that firms and makes go by, as they stand; of the two words that make a name together.
MAKES = frozenset(s.strip() for s in """
    calvin klein|ralph lauren|tommy hilfiger|hugo boss|louis vuitton|jack daniels|jack daniel|johnnie walker|jim beam|captain morgan|dr martens|dr oetker|dr pepper|
    morgan stanley|goldman sachs|merrill lynch|charles schwab|jp morgan|barclays bank|lloyds bank|standard chartered|ernst young|arthur andersen|oliver wyman|
    johnson controls|johnson johnson|harper collins|simon schuster|john wiley|elsevier science|thomson reuters|procter gamble|marks spencer|john lewis|john deere|
    albert heijn|henry schein|eli lilly|philip morris|abercrombie fitch|michael kors|marc jacobs|jimmy choo|tom ford|paul smith|ted baker|jack wills|jack jones|
    yves rocher|yves saint|christian dior|christian louboutin|pierre cardin|pierre fabre|jean paul|leroy merlin|marie claire|jacques dessange|michel augustin|
    mercedes benz|rolls royce|aston martin|alfa romeo|robert bosch|karl storz|ernst klett|axel springer|heinrich böll|konrad adenauer|friedrich ebert|carl zeiss|
    max planck|charles darwin|monte carlo|mary jane|earl grey|tom collins|bloody mary|granny smith|pink lady|jerry can|john doe|jane doe|lorem ipsum|
    charles gaulle|josé saramago|adolfo domínguez|el corte|massimo dutti|giorgio armani|dolce gabbana|enzo ferrari|salvatore ferragamo|roberto cavalli|luisa spagnoli|
    jan smit|dirk hoogvliet|willem alexander|black rock|berkshire hathaway|warner brothers|warner bros|walt disney|levi strauss|tim hortons|wendy williams|
    ruby rails|julia set|ada lang|visual basic|allen bradley|virgin atlantic|martin marietta|lockheed martin|dean foods|perry ellis|kate spade|elizabeth arden|
    estee lauder|mary kay|betty crocker|aunt jemima|uncle ben|ben jerry|victoria secret|sara lee|wells fargo|fred perry|hunter douglas|harry winston|harry potter
""".replace("\n", "").split("|"))  # fmt: skip
# Single names that are first of all a make, a tool or a month.
SINGLE = _words("""
    ruby julia ada pascal haskell jenkins jekyll hugo gatsby ansible maven gradle travis watson alexa siri cortana claude tesla ford mercedes debian cassandra django flask
    kafka oracle adobe rust python java perl scala kotlin elixir erlang swift dart crystal nim zig dagger bazel bootstrap jasmine mocha jest karma protractor vega altair
    siemens bosch philips opel porsche audi renault peugeot citroen fiat ferrari lidl aldi penny rewe edeka metro carrefour leclerc zara mango
    april may june august march january february mars jupiter venus mercury saturn pluto apollo athena atlas titan phoenix orion
    christmas easter ramadan hanukkah diwali christ jesus god allah buddha bible koran
    amazon google apple microsoft facebook meta twitter netflix spotify paypal visa mastercard amex maestro
    word excel access outlook teams windows linux mac safari chrome edge opera firefox
    paris london berlin roma madrid lisboa amsterdam warszawa vienna wien milano florence sydney austin dallas houston jackson lincoln madison charlotte
    victoria adelaide alberta georgia carolina virginia dakota montana nevada florida china india jordan chad israel kenya cuba
    rosa viola clara serena vera marina alba aurora luna stella bella linda paz dolores pilar consuelo esperanza gloria felicia alma
    gauss newton bayes poisson student fisher kolmogorov shapley pearson spearman kendall kruskal wilcoxon benford markov fourier laplace euler hilbert
""")
# Function words and openings of sentences and headings, which are no names however they are written.
OPENINGS = _words("""
    the a an and or but if in on at to of for by with from into as is are was were be been has have had do does did not no yes this that these those it its he she they we you i
    my our your his her their there here when where why how what which who all any some each every more most other such only own same so than too very can will just should now
    please note new see add use set get call send ask tell let make made read write open close click press enter page next back first last dear hi hello hey thanks thank regards best kind
    good great free dark light fast faster better mode features feature search support customer service technical sales team order orders delivery shipping account user users world
    today yesterday tomorrow monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october november december
    attention warning error info debug table figure chapter section appendix introduction conclusion summary overview final version general public private royal national international united
    forwarded message following according according deliver delivery tenant witness ticket
    der die das den dem des ein eine einer eines einem einen und oder aber wenn in im am an auf aus bei mit nach von vor zu zum zur für über unter als ist sind war waren wird werden hat haben
    nicht kein keine ja nein dies diese dieser dieses es er sie wir ihr ich mein meine unser unsere ihre sein seine alle jede jeder jedes mehr sehr auch nur noch schon so wie was wer wo wann
    warum bitte neue neuer neues neu alte alter altes alten guten gute guter schöne schöner frohe liebe lieber hallo viele viel vielen beste bessere schnellere weniger heute gestern morgen montag dienstag
    mittwoch donnerstag freitag samstag sonntag januar februar märz april mai juni juli august september oktober november dezember tag nacht abend woche monat jahr sommer winter herbst frühling
    kunde kunden paket ware preis zeit ort stadt land haus frau herr herren damen familie kind kinder mann leute deutsche deutscher deutschen große großer großes großen kleine kleiner kleines rote rotes
    roter kostenloser kostenlose herzlich willkommen mutter vater version seite teil stand angebot anfrage rechnung bestellung lieferung fragen antrag laut per max min bad sankt grüße gruß grüß frag
    le la les un une des du de d' l' et ou mais si dans sur à au aux en par pour avec sans chez est sont était sera a ont n' ne pas plus ce cet cette ces il elle ils elles nous vous je tu mon ma mes ton
    ta tes son sa ses notre nos votre vos leur leurs qui que quoi dont où quand comment pourquoi tout tous toute toutes très bien merci bonjour bonsoir salut cher chère chers nouveau nouvelle nouveaux
    nouvelles petit petite grand grande grands bon bonne mode recherche livraison gratuite version finale lundi mardi mercredi jeudi vendredi samedi dimanche janvier février mars avril mai juin juillet août
    septembre octobre novembre décembre selon présents dossier colis veuillez appuyez envoyer rappeler signé note noter joyeux année fête premier première sécurité crédit agricole
    el los las lo una unos unas y o pero si del al con sin por para según es son era fue ser está están no sí más muy este esta estos estas ese esa esos esas su sus mi mis tu tus nuestro nuestra que quien
    cual cuando donde como todo todos toda todas nuevo nueva nuevos nuevas buen buena bueno gran grande hola gracias querido querida estimado estimada lunes martes miércoles jueves viernes sábado domingo
    enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre nota envío gratis versión errores llame soy pulse enviar feliz próspero año navidad real cruz roja hablé dile
    il gli i uno dei delle degli ed ma se nel nella nei nelle sul sulla dal dalla dai con senza tra fra non che chi cui quando dove come perché questo questa questi queste quello quella suo sua suoi mio mia
    nostro nostra vostro loro tutto tutti tutta tutte più molto bene buono buona buon bel bella nuovo nuova nuovi nuove ciao grazie caro cara gentile lunedì martedì mercoledì giovedì venerdì sabato domenica
    gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre nota spedizione gratuita versione finale premere chiedi sono ho felice anno natale croce rossa codice vera
    os as um uma uns umas do da dos das no na nos nas ao aos pelo pela com sem por mas se não sim mais muito este esta estes estas esse essa isso seu sua seus suas meu minha nosso nossa que quem qual quando
    onde como todo todos toda todas novo nova novos novas bom boa grande olá oi obrigado obrigada prezado prezada segunda terça quarta quinta sexta sábado domingo janeiro fevereiro março abril maio junho
    julho agosto setembro outubro novembro dezembro nota frete grátis versão falei diga pergunte sou ligar ligue feliz natal ano cruz vermelha código santos
    het een de en of maar als in op aan uit bij met naar van voor te tot om over onder is zijn was waren wordt worden heeft hebben niet geen ja nee dit dat deze die hij zij ze wij we jij je u ik mijn onze ons
    uw hun haar alle elke meer zeer ook nog al zo hoe wat wie waar wanneer waarom nieuwe nieuw oude goede goed groot grote kleine beste geachte hoi hallo dag bedankt graag maandag dinsdag woensdag donderdag
    vrijdag zaterdag zondag januari februari maart april mei juni juli augustus september oktober november december let bel vraag zeg gratis verzending versie fouten prettige gelukkig rode kruis druk stuur
    w z i o u a na do od za po pod nad przed przy dla bez przez między oraz lub albo ale że czy jest są był była było były będzie nie tak to ten ta te ci tego tej tych jego jej ich mój moja moje nasz nasza
    nasze twój wasz pan pani państwo kto co gdzie kiedy jak dlaczego wszystko wszyscy każdy nowy nowa nowe nowych dobry dobra dobre wielki wielka duży mały mała proszę dzień cześć dziękuję pozdrawiam
    poniedziałek wtorek środa czwartek piątek sobota niedziela styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień boże narodzenie wielkanoc święta wesołych
    ważna informacja wersja zwrot rozmowa konto kopia sprawa zgłosił jestem bank poczta polska polski polskie zielona biały róża
""")
_ENGLISH_AND = re.compile(
    r"\s*(?:&|and (?:sons|co|company|partners|brothers)\b|und (?:söhne|co)\b|et (?:fils|cie)\b|i synowie\b)",
    re.IGNORECASE,
)


def goes_on_as_firm(after: str) -> bool:
    """Whether what follows makes a firm of a name: ``& Sons``, ``and Partners``."""
    return bool(_ENGLISH_AND.match(after))
