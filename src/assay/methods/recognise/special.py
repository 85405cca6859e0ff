"""Special categories of article 9 GDPR: words that such columns hold, in several languages.

``SURE`` words say it by themselves; ``LOOSE`` ones mean other things too (White, Green, Conservative) and count only where the
column's name speaks of the category.
"""

from __future__ import annotations

from assay.methods.recognise.headers import fold

CATEGORIES = ("health", "religion", "ethnicity", "politics", "union", "orientation", "genetic", "biometric")

_SURE = {
    "health": """diabetes|type 1 diabetes|type 2 diabetes|diabetes mellitus|hypertension|asthma|asthma bronchiale|epilepsy|epilepsie|hiv|hiv positive|hiv negative|aids|cancer|breast cancer|lung cancer|prostate cancer|leukemia|leukaemia|lymphoma|melanoma|copd|depression|major depressive disorder
|depressive disorder|anxiety|anxiety disorder|bipolar disorder|schizophrenia|ptsd|adhd|autism|dementia|alzheimer s disease|alzheimers disease|alzheimer disease|parkinson s disease|parkinsons disease|multiple sclerosis|stroke|angina|heart failure|heart attack|myocardial infarction|atrial fibrillation|pneumonia|bronchitis|sepsis|tuberculosis
|malaria|measles|influenza|covid 19|covid|hepatitis b|hepatitis c|hepatitis|syphilis|chlamydia|gonorrhea|migraine|arthritis|rheumatoid arthritis|osteoporosis|obesity|anemia|anaemia|hypothyroidism|chronic kidney disease|kidney failure|cirrhosis|psoriasis|eczema|endometriosis|crohn s disease|ulcerative colitis|celiac disease
|bluthochdruck|depressionen|rheuma|migrane|krebs|herzinfarkt|schlaganfall|demenz|diabetes mellitus typ 2|diabete|cancer du sein|hypertension arterielle|asthme|depression nerveuse|epilepsia|hipertension|cancer de mama|asma|depresion|diabete mellito|ipertensione|tumore|hipertensao|nadcisnienie|cukrzyca|astma|rak|гипертония|диабет|астма|糖尿病|高血压|高血圧|哮喘|喘息|癌症|السكري|मधुमेह""",
    "religion": """catholic|roman catholic|protestant|muslim|islam|jewish|judaism|hindu|hinduism|buddhist|buddhism|sikh|sikhism|christian|christianity|atheist|atheism|agnostic|lutheran|baptist|methodist|anglican|presbyterian|mormon|shia|sunni|jain|taoist|shinto|jehovahs witness|jehovah s witness|romisch katholisch|katholisch|evangelisch|muslimisch|judisch|konfessionslos|orthodoxe
|catholique|protestante|musulman|musulmane|juif|juive|bouddhiste|athee|catolico|catolica|musulmana|judio|judia|budista|ateo|atea|agnostico|cattolico|cattolica|musulmano|ebreo|ebraica|buddista|catolico romano|muculmano|judeu|evangelico|katolik|katolicka|muzulmanin|prawoslawny|ateista|православие|ислам|иудаизм|仏教|神道|キリスト教|佛教|道教|伊斯兰教|基督教|天主教|مسلم|مسيحي|हिन्दू|मुस्लिम|सिख|ईसाई|बौद्ध|불교|기독교|천주교""",
    "ethnicity": """african american|black or african american|hispanic|hispanic or latino|latino|latina|caucasian|native american|american indian|american indian or alaska native|amer indian eskimo|asian pac islander|pacific islander|native hawaiian|white british|white irish|black british|black caribbean|black african|bangladeshi|south asian|east asian|arab|roma|romani|sinti|maori|aboriginal|inuit|jewish ashkenazi
|maghrebine|maghrebin|europeenne|metisse|afrodescendiente|mestizo|mulato|gitano|pardo|preta|indigena|汉族|回族|藏族|维吾尔族|满族|壮族|蒙古族""",
    "politics": """labour party|conservative party|liberal democrat|liberal democrats|republican|democrat|republican party|democratic party|green party|libertarian party|snp|plaid cymru|ukip|cdu|csu|spd|afd|die linke|die grunen|bundnis 90 die grunen|fdp|rassemblement national|la france insoumise|les republicains|partido popular|psoe|podemos|partito democratico|lega|forza italia|fratelli d italia|movimento 5 stelle|partido socialista
|partido dos trabalhadores|bloco de esquerda|chega|prawo i sprawiedliwosc|platforma obywatelska|единая россия|кпрф|лдпр|自民党|立憲民主党|中共党员|共青团员|भाजपा|कांग्रेस""",
    "union": "ig metall|ver di|verdi|gew|ig bce|unison|gmb|unite the union|teamsters|afl cio|seiu|uaw|cgt|cfdt|force ouvriere|ccoo|ugt|csif|cgil|cisl|uil|solidarnosc|opzz|fnv|cnv vakmensen|unia|landsorganisationen",
    "orientation": "heterosexual|homosexual|bisexual|asexual|pansexual|gay|lesbian|queer|gay or lesbian|heterosexuell|homosexuell|bisexuell|lesbisch|schwul|heterosexuel|homosexuel|bisexuel|lesbienne|heterosexuales|eterosessuale|omosessuale|bisessuale|lesbica|heteroseksualny|homoseksualny|異性愛|同性愛|异性恋|同性恋",
}  # fmt: skip
_LOOSE = {
    "health": "none|a|b|ab|o|a+|a-|b+|b-|ab+|ab-|o+|o-|yes|no|positive|negative|unknown|healthy",
    "religion": "none|other|orthodox|orthodoxe|keine|no religion|unknown|christian orthodox|spiritual|aucune|ninguna|nessuna|brak|無宗教|其他",
    "ethnicity": "white|black|asian|mixed|other|indian|chinese|pakistani|caribbean|african|european|unknown|any other|branca|parda|negra|amarela|asiatique|africaine|asiatico|blanco|negro|multiracial|two or more",
    "politics": "labour|conservative|green|greens|independent|liberal|left|right|centre|center|none|libertarian|ps|psd|pan|progressive|socialist|communist|nationalist|die grune|grune|linke|undecided|other|unite",
    "union": "yes|no|member|non member|none|unite|keine|ninguna|true|false|y|n|active|former",
    "orientation": "straight|hetero|bi|unknown|prefer not to say|other|homo|trans",
}  # fmt: skip


def _set(text: str) -> frozenset[str]:
    return frozenset(fold_value(t) for t in text.replace("\n", "").split("|"))


def fold_value(text: str) -> str:
    """Return a value as the lists hold it: small, without accents, a sign of + or - at its end kept."""
    bare = text.strip()
    return bare.lower() if len(bare) <= 3 and bare[-1:] in "+-" else fold(bare)


SURE = {kind: _set(words) for kind, words in _SURE.items()}
LOOSE = {kind: _set(words) for kind, words in _LOOSE.items()}


def shares(kind: str, held: list[str]) -> tuple[float, float]:
    """Return which shares of distinct values, as ``fold_value`` gives them, are sure words of a category, and sure or loose."""
    sure, loose = SURE.get(kind, frozenset()), LOOSE.get(kind, frozenset())
    strong = sum(h in sure or (len(h) > 5 and _begins(h, sure)) for h in held)
    weak = sum(h in loose and h not in sure for h in held)
    total = max(1, len(held))
    return strong / total, (strong + weak) / total


def _begins(text: str, words: frozenset[str]) -> bool:
    """Whether the first two words are one: ``diabetes mellitus typ 2`` with something after it."""
    parts = text.split(" ")
    return len(parts) > 2 and " ".join(parts[:2]) in words
