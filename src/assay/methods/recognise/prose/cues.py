"""What stands beside a person's name in running text, in English, German, French, Spanish, Italian, Portuguese, Dutch, Polish."""

from __future__ import annotations


def _set(text: str) -> frozenset[str]:
    return frozenset(entry.strip() for entry in text.replace("\n", " ").split("|") if entry.strip())


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Titles: part of what is told, and nearly proof. Those of SHORT are titles with a point after them only, or in capitals' place.
TITLES = _words("""mr mrs ms miss mx dr prof rev herr herrn frau fräulein hr mme mlle mlles mm monsieur madame mademoiselle maître docteur
    sr sra srta señor señora señorita doña sig signor signora signorina signore dott dottssa dottor dottoressa avv avvocato profssa
    senhor senhora doutor doutora dona dhr heer mw mevr mevrouw meneer mijnheer pan pani panu panią pana panem panie dra ing mgr inż
    sig.ra sig.na dott.ssa prof.ssa sr.a sr.ª""")
SHORT = _words("m fr hon capt lt sgt gen col st.-dr ks mag ir drs adw")
# Said of a person, in front of the name; not part of it.
ROLES = _words("""
    professor doctor nurse judge officer inspector detective sergeant captain uncle aunt cousin technician engineer manager director
    colleague patient client customer tenant landlord neighbour neighbor witness claimant plaintiff defendant applicant employee
    student pupil teacher lawyer attorney author brother sister mother father daughter son wife husband beneficiary insured
    chairman chairwoman secretary assistant candidate driver guest owner passenger resident
    kollege kollegin kollegen patient patientin kunde kundin kunden mieter mieterin vermieter nachbar nachbarin zeuge zeugin kläger
    klägerin beklagte antragsteller antragstellerin mitarbeiter mitarbeiterin lehrer lehrerin anwalt rechtsanwalt rechtsanwältin
    techniker technikerin bruder schwester mutter vater tochter sohn professorin richter richterin schüler schülerin student
    ansprechpartner ansprechpartnerin sachbearbeiter sachbearbeiterin bearbeiter bearbeiterin geschäftsführer geschäftsführerin
    versicherte versicherter teilnehmer teilnehmerin bewohner bewohnerin fahrer fahrerin gast
    collègue patiente cliente locataire voisin voisine témoin plaignant plaignante demandeur employé employée étudiant étudiante
    professeur professeure avocat avocate technicien technicienne frère sœur soeur mère père fille fils juge infirmière infirmier
    bénéficiaire assuré assurée élève gérant gérante directeur directrice salarié salariée
    colega compañero compañera paciente clienta inquilino inquilina vecino vecina testigo demandante demandado empleado empleada
    alumno alumna profesor profesora abogado abogada técnico técnica hermano hermana madre padre hija hijo juez jueza enfermera
    enfermero titular doctor doctora asegurado asegurada solicitante director directora
    paziente inquilino inquilina vicino vicina testimone ricorrente attore convenuto dipendente studente studentessa alunno alunna
    professore professoressa avvocato tecnico fratello sorella madre padre figlia figlio giudice infermiera infermiere
    intestatario assicurato assicurata richiedente direttore direttrice
    inquilina vizinho vizinha testemunha requerente autor autora réu funcionário funcionária aluno aluna advogado advogada irmão
    irmã mãe pai filha filho juiz juíza enfermeira enfermeiro segurado segurada doutor doutora
    patiënt patiënte klant huurder huurster buurman buurvrouw getuige eiser eiseres gedaagde aanvrager werknemer medewerker
    medewerkster leerling leraar lerares advocaat monteur broer zus moeder vader dochter zoon rechter verpleegkundige verzekerde
    dokter bewoner bestuurder
    kolega koleżanka koleżanki kolegi pacjent pacjentka pacjenta pacjentki klient klientka klienta klientki najemca lokator sąsiad
    sąsiadka świadek świadka powód powódka pozwany pozwana wnioskodawca pracownik pracownica uczeń uczennica nauczyciel
    nauczycielka adwokat technik brat siostra matka ojciec córka syn sędzia pielęgniarka doktor doktora ubezpieczony ubezpieczona
    autor autorka dyrektor dyrektorka
""")
# What a name nearly always follows: a salutation, a signature, an introduction. Up to three words.
STRONG = _set("""
    dear|hi|hello|hey|thanks|many thanks|cheers|regards|best|kind regards|best regards|best wishes|sincerely|yours|signed|signed by|name is|
    named|cc|attn|attention|attendees|present|participants|contact person|emergency contact|next of kin|recipient|sender|
    lieber|liebe|hallo|grüße|gruß|grüßen|lg|vg|name ist|heiße|heißt|gez|unterschrift|unterzeichnet|teilnehmer waren|anwesend|anwesend waren|
    ansprechpartner vor ort|empfänger|absender|am telefon war|z. hd|
    cher|chère|bonjour|salut|cordialement|bien à vous|merci|signé|m'appelle|s'appelle|nommé|nommée|présents|présent|destinataire|expéditeur|
    contact en cas d'urgence|
    querido|querida|estimado|estimada|hola|gracias|saludo|saludos|un saludo|atentamente|firmado|firmado por|me llamo|se llama|llamado|
    asistentes|destinatario|remitente|contacto de emergencia|mi nombre es|
    caro|cara|gentile|ciao|grazie|saluti|cordiali saluti|cordialmente|firmato|firmato da|mi chiamo|si chiama|presenti|mittente|
    contatto di emergenza|egregio|
    prezado|prezada|olá|oi|obrigado|obrigada|atenciosamente|cumprimentos|abraço|abraços|assinado|assinado por|nome é|me chamo|chamo-me|
    presentes|destinatário|remetente|contato de emergência|contacto de emergência|
    beste|geachte|hoi|dag|groet|groeten|groetjes|vriendelijke groet|bedankt|getekend|naam is|heet|aanwezig|geadresseerde|afzender|
    contactpersoon|contactpersoon bij nood|
    cześć|drogi|droga|witaj|pozdrawiam|pozdrowienia|z poważaniem|poważaniem|dziękuję|dzięki|podpisano|nazywam się|nazywa się|mam na imię|obecni|
    adresat|nadawca|szanowny|szanowna|kontakt w nagłych wypadkach|wypadkach
""")
# What a name often follows: verbs done to a person, "according to", "I am".
MIDDLE = _set("""
    call|ring|phone|ask|asked|tell|told|thank|meet|met|inform|informed|remind|contact|email|notify|invite|hired|spoke with|spoke to|speak to|
    speak with|talk to|talk with|talked to|according to|i am|i'm|this is|signed for by|reported by|approved by|written by|assigned to|
    escalated to|copy to|message from|letter from|call from|deliver to|refund for|statement of|interview with|opened by|closed by|attended by|
    laut|frag|fragt|fragen|ruf|rufen sie|grüß|grüß bitte|informiere|gespräch mit|im auftrag von|gemeldet von|gemeldet durch|ich bin|kopie an|
    geht an|angenommen von|wurde von|trafen|traf|antrag von|erstattung für|gehört|wie|
    selon|rappeler|appeler|prévenir|demandez à|demander à|contacter|parlé avec|parlé à|entretien avec|je suis|remis à|transmis à|signalé par|
    ouvert par|copie à|chez|livrer chez|rencontré|remboursement pour|déclaration de|affirme|
    según|llame a|llamar a|llame por favor a|llamada a|pregunta a|dile a|hablé con|hablar con|entrevista con|soy|entregar a|asignado a|
    notificado por|la abrió|la cerró|copia a|conocimos a|reembolso para|declaración de|lo recogió|declaró|dijo|
    secondo|chiamare|richiamare|richiamate|chiedi a|di' a|parlato con|colloquio con|sono|consegnare a|assegnata a|segnalato da|aperto da|copia a|
    incontrato|rimborso per|deposizione di|ritirato da|ha detto|
    segundo|ligue para|ligar para|ligar de volta para|pergunte a|diga à|diga a|falei com|falar com|entrevista com|sou|entregar a|entregue a|
    atribuído a|notificado por|aberta por|fechada por|cópia para|conhecemos|reembolso para|depoimento de|disse|
    volgens|bel|vraag|zeg tegen|gesproken met|met|gesprek met|ik ben|bezorgen bij|toegewezen aan|gemeld door|geopend door|kopie aan|spraken|
    terugbetaling voor|verklaring van|aangenomen door|graag|zei|
    według|zapytaj|powiedz|rozmowa z|rozmawiałem z|rozmawiałam z|jestem|zgłosił|zgłosiła|odebrał|odebrała|podpisał|podpisała|założył|kopia|
    zwrot dla|dla klienta|powiedział|powiedziała|złożył|złożyła|oddzwonić do|zadzwonić do|się z|dostarczyć|przydzielono|rozmowa|zamknął
""")
# Whom one is to ask or tell: a given name alone may follow.
ADDRESSED = _set("""
    ask|tell|remind|thank|frag|fragt|grüß bitte|demandez à|demander à|prévenir|prévenez|pregunta a|pregúntale a|dile a|chiedi a|di' a|
    pergunte a|pergunte à|diga a|diga à|vraag|vraag aan|zeg tegen|zapytaj|powiedz
""")
WEAK = _words("""with to from by for and of von mit an für bei durch und de à par avec pour et a con para por y da di per con e com ao
    van aan door voor bij en do dla od z i przez her his my our ihr ihre mein sein unser notre mon ma son sa su mi nuestro nuestra
    suo sua mio mia seu sua meu minha nosso nossa ons onze zijn haar nasz nasza mój moja jego jej""")
# What follows a name: verbs that people do.
SAYS = _words("""said says wrote writes asked asks replied called phoned told complained complains promised confirmed explained
    approved reported signed agreed lives moved works joined left thinks believes wants claims apologised apologized
    sagte sagt schrieb schreibt fragte bat bittet rief meldete bestätigte erklärte versprach wohnt arbeitet unterschrieb klagt meint
    dit déclare écrit demande demandait répond affirme confirme habite travaille souhaite appelle explique téléphone
    dijo dice escribió pidió pide preguntó llamó confirmó declaró vive trabaja compró firmó explicó
    dice disse scrive scrisse chiede chiese abita lavora conferma firmò telefona lamenta
    diz escreveu pediu pede perguntou ligou confirmou mora trabalha assinou explicou queixa-se reclamou
    zei zegt schreef vroeg vraagt belde bevestigde woont werkt tekende klaagt
    powiedział powiedziała napisał napisała pyta prosi zapytał zapytała zadzwonił zadzwoniła potwierdził potwierdziła mieszka pracuje
    podpisał podpisała twierdzi skarży zmienił zmieniła złożył złożyła""")
DOES = _words("""has is was will from can could would who whose did does had wird hat ist war kann übernimmt möchte aus
    a est était va ha es era fue è era fu ha foi é vai heeft is was zal van kan wil jest był była ma będzie z odchodzi""")
NAMED = _words(
    "brother sister mother father bruder schwester sohn tochter frère sœur fratello sorella hermano hermana irmão irmã broer zus brat siostra syn córka"
)
# Small words inside a name.
PARTS = "los|las|de|da|do|dos|das|del|della|dello|dei|degli|di|du|des|la|le|van|von|der|den|ter|ten|te|zu|bin|ibn|al|el|af|av|'t|op|het"
# The same written large, which stand after a given name.
LARGE_PARTS = _words(
    "de del della dello dei di da do dos das du des la le lo los las van von der den ter ten te el al st mc mac o' d' san santa saint"
)
