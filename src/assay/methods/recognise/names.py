"""Whether texts are people's names: their shape, and how many begin or end as names often do."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Common given names of several languages. A column is judged by the share of its values, so that the list
# need not be long, only wide.
GIVEN = frozenset(
    """
aaron abdul abigail abraham adam adriana adrian agnes ahmed aisha alan albert alberto alejandra alejandro aleksandr
alex alexander alexandra alexandre alexis alfred ali alice alicia alison allan allen allison alma alvin alyssa amanda amber
amelia amina amir amy ana anders andre andrea andreas andreea andrew andrzej angel angela angelica anil anita anja ann anna
anne annette annie anthony antoine anton antonio april ariana arjun arnold arthur arturo ashley astrid audrey austin ava
barbara barry beatrice becky belinda ben benedict benjamin bernadette bernard bernice beth bethany betty beverly bill billy birgit
bianca blake bob bobbie bobby bonnie brad bradley brandi brandon brandy brenda brendan brent brett brian briana bridget brittany
brittney brooke bruce bruno bryan byron caitlin caleb calvin cameron camila camille candace candice carina carl carla carlos
carmen carol carole caroline carolyn carrie casey cassandra cassie catarina catherine cathy cecilia cedric celia cesar chad
charlene charles charlie charlotte chase chelsea chen cheryl chloe chris christian christie christina christine christoph
christopher christy cindy claire clara clarence claude claudia clayton clifford clint clinton cody colin colleen connie connor
constance corey cory courtney craig cristian cristina crystal curtis cynthia daisy dale dalton damian damon dan dana daniel
daniela danielle danny darius darlene darrell darren darryl daryl dave david dawn dean deanna debbie deborah debra deepak
denise dennis derek derrick desiree destiny devin devon diana diane diego dieter dimitri dmitri dolores dominic dominique don
donald donna doris dorothy doug douglas drew duane dustin dwayne dylan earl eddie edgar edith eduardo edward edwin eileen
elaine eleanor elena eli elijah elisabeth elizabeth ella ellen elsa elsie emily emma emmanuel enrique eric erica erik erika erin
ernest ernesto esther ethan ethel eugene eva evan evelyn fabian faith fatima felicia felipe felix fernanda fernando fiona
florence frances francesca francesco francis francisco francois frank franklin franz fred freddie frederic frederick friedrich gabriel
gabriela gabriella gabrielle gail gareth garrett gary gavin gemma gene geoffrey george georgia gerald gerard gerhard gianni
gilbert gina giovanni giulia giuseppe gladys glen glenda glenn gloria gordon grace graham greg gregory greta guillermo gunter gustavo
guy gwendolyn hailey hakan haley hannah hans harald harold harriet harry haruto hassan hayley heather hector heidi heike heinz
helen helena helene helga henri henrik henry herbert herman hilda hiroshi holly howard hugh hugo hunter hussein ian ibrahim ida igor
ilse imran ines ingrid irene irina iris isaac isabel isabella isabelle isaiah ivan ivy jack jackie jackson jaclyn jacob jacqueline
jacques jade jaime jake jakob james jamie jan jane janet janice jared jasmin jasmine jason javier jay jean jeanette jeanne jeff
jeffery jeffrey jenna jennifer jenny jerome jeremiah jeremy jerry jesse jessica jessie jesus jill jim jimmy jin joan joann joanna
joanne joao joaquin jocelyn jodi jody joe joel joelle johan johann johanna johannes john johnathan johnny jon jonas jonathan
jordan jorge jose josef joseph josephine joshua joy joyce juan juanita judith judy julia julian juliana julie juliette julio
june jurgen justin kaitlin kaitlyn kara karen kari karim karin karina karl karla kate katelyn katharina katherine kathleen kathryn
kathy katie katrina kay kayla keith kelli kellie kelly kelsey ken kendra kenji kenneth kerri kerry kevin khalid kim kimberly
kirk kirsten klaus kofi krista kristen kristi kristin kristina kristine kristopher kristy krzysztof kurt kwame kyle lacey lance larry
lars latasha latoya laura lauren laurence laurie lawrence leah lee leila lena leo leon leonard leonardo leroy leslie lester leticia
levi lewis li liam lillian lily linda lindsay lindsey lisa lloyd logan lois lonnie loretta lori lorraine louis louise lucas lucia
luciana lucille lucy luigi luis luisa luiz luke luna lydia lynn mackenzie madeline madison maggie magnus makayla malcolm malik mandy
manfred manuel manuela marc marcel marcela marcia marco marcos marcus margaret margarita maria mariam mariana marie marilyn mario
marion marisa marissa marjorie mark markus marlene marsha marta martha martin martina marvin mary maryam mason mateo mathew mathieu
matteo matthew matthias maureen maurice max maxime maximilian maxwell mayra meagan megan meghan mehmet mei melanie melinda melissa
melody mercedes meredith mia micheal michael michal michel michele michelle miguel mike mikhail mila mildred milton min mindy miranda
miriam misty mitchell mohamed mohammad mohammed moises molly monica monika monique morgan muhammad mustafa myra nadia nadine nancy
naomi natalia natalie natasha nathan nathaniel neil nelson nicholas nichole nick nicola nicolas nicole nikhil nikolai nina noah noel
nora norma norman nuno olaf oleg olga oliver olivia omar oscar otto owen pablo paige pam pamela paolo patrice patricia patrick
paul paula pauline paulo pavel pedro peggy penelope penny perry peter petra philip philippe phillip phyllis pierre piotr preston
priya priyanka rachael rachel rafael rahul raj rajesh ralph ramon randall randy raquel raul ravi ray raymond rebecca rebekah regina
reginald renate rene renee ricardo richard rick rickey ricky rita robert roberta roberto robin rochelle rodney rodrigo roger roland
ron ronald ronnie rosa rosalie rose rosemary ross roy ruben ruby rudolf russell ruth ryan sabine sabrina sally salvatore sam samantha
samuel sandra sandy sanjay sara sarah sasha saul savannah scott sean sebastian selena sergei sergio seth shane shannon sharon shaun
shawn sheena sheila shelby shelley shelly sherri sherry shirley sierra silvia simon simone sofia sonia sonja sonya sophia sophie
spencer stacey stacie stacy stanislav stanley stefan stefanie stella stephan stephanie stephen steve steven stuart sue sunil susan
susanne suzanne sven svetlana sydney sylvia tabitha tamara tammy tania tanya tara tasha tatiana taylor ted teresa terrance terrence
terri terry thelma theodore theresa thomas tiago tiffany tim timothy tina todd tom tomas tommy toni tonya tony tracey traci tracy travis
trevor tricia trisha troy tyler tyrone ulrich ursula valentina valeria valerie vanessa vera vernon veronica vicki vickie victor victoria
vijay vincent vincenzo viola virginia vivian vladimir walter wanda warren wayne wei wendy wesley whitney wilhelm willem william willie
wolfgang xavier xin yan yang yasmin yolanda yuki yusuf yvette yvonne zachary zainab zoe
""".split()  # noqa: SIM905 - a list of eight hundred lines says no more
)
SURNAMES = frozenset(
    """
adams aguilar ahmed alexander ali allen alvarez anderson andersson andrews armstrong arnold bailey baker barnes becker bell bennett
berg bernard black boyd bradley braun brooks brown bryant burke burns butler campbell carlson carpenter carroll carter castillo castro
chapman chavez chen clark cole coleman collins contreras cook cooper costa cox crawford cruz cunningham daniels davies davis delgado diaz
dixon dubois dunn duncan edwards elliott ellis espinoza estrada evans fernandes fernandez ferrari ferreira fischer fisher fleming
flores ford foster fowler fox franklin freeman fuentes garcia gardner garza george gibson gill gomes gomez gonzales gonzalez gordon graham
grant gray green greene griffin gupta gutierrez guzman hall hamilton hansen hanson harper harris harrison hart harvey hawkins hayes
henderson henry hernandez herrera hicks hill hoffman hoffmann holland holmes howard hudson hughes hunt hunter ibrahim ivanov jackson
jacobs james jansen jenkins jensen jimenez johansson johnson johnston jones jordan joseph kelley kelly kennedy khan kim king klein knight
koch kowalski kumar lane larsen larson lawrence lawson lee leroy lewis li lin liu long lopes lopez lynch maldonado marshall martin martinez
martins mason matthews mccoy mcdonald medina mehta mejia mendez mendoza meyer miller mills mitchell mohamed moore morales moreau moreno
morgan morris morrison mueller muller munoz murphy murray myers navarro nelson newman nguyen nichols nielsen nowak nunez obrien oliveira
oliver olsen olson ortega ortiz owens palmer park parker patel patterson payne pena pereira perez perkins perry peters petersen peterson
petrov phillips pierce porter powell powers price quinn ramirez ramos ray reed reid reyes reynolds rhodes rice richards richardson richter
riley rios rivera robbins roberts robertson robinson rodrigues rodriguez rogers rojas romero rose ross rossi rossini ruiz russell russo ryan
salazar sanchez sanders sandoval santiago santos sato schmidt schneider schroeder schultz schulz schwartz scott shah sharma shaw silva
simmons simpson sims singh smith snyder soto souza spencer stephens stevens stewart stone sullivan suzuki svensson tanaka taylor thomas
thompson torres tran tucker turner valdez vargas vasquez vazquez vega vogel wagner walker wallace walsh wang ward warren washington watkins
watson weaver webb weber welch wells west wheeler white williams williamson willis wilson wolf wong wood woods wright wu yang yilmaz young
zhang zimmermann
""".split()  # noqa: SIM905
)
_TITLES = frozenset(
    {"mr", "mrs", "ms", "miss", "dr", "prof", "sir", "herr", "frau", "sr", "sra", "mme", "rev"}
)
_SHAPE = re.compile(r"^[^\W\d_][\w'’.-]*(?:,? [^\W\d_(\"][\w'’.)\"-]*){0,5}$")


def given(text: str) -> bool:
    """Whether a single word is a given name of the list."""
    return text.strip().lower() in GIVEN


def surname(text: str) -> bool:
    """Whether a single word is a surname of the list."""
    return text.strip().lower() in SURNAMES


def full(text: str) -> bool:
    """Whether two to six words have the shape of a name, and one that stands where a given name does is one.

    Read are ``Ada Lovelace``, ``Dr. Ada K. Lovelace``, ``Lovelace, Ada`` and ``Lovelace, Mrs. Ada``; ``ada lovelace``
    and ``ADA LOVELACE`` too.
    """
    if not 3 < len(text) <= 80 or not _SHAPE.match(text):
        return False
    head, comma, tail = text.partition(",")
    words = [w.strip(".,()\"'") for w in (tail if comma else head).split()]
    words = [w for w in words if w.lower() not in _TITLES and w]
    if comma:
        return bool(words) and words[0].lower() in GIVEN
    if not 2 <= len(words) <= 4:
        return False
    return words[0].lower() in GIVEN


def shares(values: Iterable[str]) -> tuple[int, int, int, int]:
    """Return how many of the distinct values there are, and how many are full names, given names, surnames."""
    total = whole = first = last = 0
    for value in values:
        text = value.strip()
        total += 1
        if " " in text or "," in text:
            whole += full(text)
        else:
            first += given(text)
            last += surname(text)
    return total, whole, first, last
