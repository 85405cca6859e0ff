"""The lists of names and places: read once, when a column is first held against them. `tools/gazetteer.py` writes them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

# What neither source has: names of India, in Latin letters and in Devanagari, and some of elsewhere. Our own.
_FURTHER_GIVEN = """abena adaeze ailsa akua alastair aleix antek antía anxo arkadiusz ayşe babajide barnaby bauke brais bronwen cauê
cees cheikh chidi chinedu ciaran clive cressida declan dörte edson efua emine eoin euan fatou felicity fenja fergus
fermín ferran fionnuala fokke folasade franek gosia govert graeme grzesiek grégory gustaw gérard hamish hanneke
haruki henk hernán hinnerk hiroshi huguette hylke håkan hüseyin iain ionuț isla itziar jaap jacco jiho jiwoo jokin
józek kauã kemal kenta kirsty kofi krysia krzysiek kuba kwabena kwaku lachlan laís leen lisardo maeve margriet
marijke marloes mercè meritxell mhairi mieke minjun morag mustafa ngozi odile olalla oluwaseun oriol orla ovidio
padraig paulien philippa piers poppy qiang rhys román rosângela rubén ruud sabela satoshi seoyeon sietske sinead
staszek swantje sônia takeshi tarquin tatiane thaís tineke tjeerd torbjørn traudel trijntje tunde unai uxía verity
wagner wellington wietske wilfried wim władysław xabier xiaoming xoán yaw yemi ytje zacarías zygmunt églantine éric
íñigo ștefan"""
_INDIAN_GIVEN = """aarav aditi aditya ajay akash akshay amit amrita anand ananya anil anita anjali ankit ankita anusha aparna arjun arun aruna asha ashish ashok ashwini avinash bhavana bharat chandra deepa deepak deepika dev
devi dinesh divya ganesh gauri gaurav geeta gita gopal govind harish hemant indira ishaan jaya jayesh kabir kailash kalpana kamal kamala karan kavita kavya kiran kishore krishna kumar lakshmi lalita lata madhav madhuri mahesh mala manish manoj
meena meera mohan mohit mukesh nandini naresh narendra naveen neha nikhil nisha nitin padma pallavi pankaj parvati pooja prabhakar pradeep prakash pramod pranav prasad prashant pratibha praveen preeti prem priya priyanka radha raghav rahul raj raja
rajan rajat rajendra rajesh rajiv rakesh ram rama ramesh rani ravi rekha ritu rohan rohit sachin sandeep sangeeta sanjana sanjay santosh sapna sarita saurabh savita seema shankar shanti sharad shashi shilpa shiv shivani shobha shreya shruti siddharth sita smita
sneha sonal srinivas subhash sudha sudhir sujata suman sumit sunil sunita suresh surya sushil swati tanvi tara trisha uday uma usha vandana varun vasant vedant venkat vidya vijay vikas vikram vimala vinay vinod vishal vivek yash yogesh zoya
आरव आदित्य अजय अमित अनिल अनिता अंजलि अर्जुन अरुण आशा अशोक दीपा दीपक दीपिका दिनेश दिव्या गणेश गीता गोपाल हरीश कमल कविता किरण कृष्ण लक्ष्मी लता महेश मनीष मनोज मीना मीरा मोहन मुकेश नेहा निखिल पूजा प्रदीप प्रकाश प्रिया प्रियंका राधा राहुल राज राजेश राकेश राम रमेश रवि रेखा रोहन रोहित सचिन संदीप संजय
संगीता सीमा शंकर शांति शिव सीता सोनिया सुनील सुनीता सुरेश स्वाति उमा उषा विजय विकास विक्रम विनोद विवेक श्री कुमार देवी लाल"""
_INDIAN_FAMILY = """acharya agarwal aggarwal ahuja anand arora babu bajaj banerjee basu bhat bhatia bhatt bhattacharya bose chadha chakraborty chatterjee chaudhary chauhan chopra chowdhury das dasgupta datta dave desai deshmukh deshpande dhawan dixit dubey dutta gandhi ganguly ghosh
gill goel gokhale goswami gowda goyal grover gupta hegde iyer iyengar jadhav jain jha joshi kadam kale kamath kapoor kapur kaul kaur khanna khatri kohli krishnan kulkarni kumar lal mahajan malhotra malik mehra mehta menon mishra mistry mitra modi mohan mukherjee murthy naidu naik
nair nambiar nanda narang narayan narayanan nayak padmanabhan pandey pandit parekh parikh patel pathak patil pawar pillai prasad rai raja rajan raju raman ramachandran rana rangan rao rastogi rathore rawat ray reddy roy sahu saini saxena sen sengupta seth sethi shah sharma shenoy
shetty shinde shukla singh singhal sinha solanki sood srinivasan srivastava subramaniam subramanian sundaram swamy tandon thakur tiwari trivedi tyagi upadhyay varghese varma venkatesan verma vyas yadav
शर्मा वर्मा गुप्ता पटेल सिंह यादव मिश्रा नायर अय्यर रेड्डी राव जोशी देसाई मेहता शाह जैन अग्रवाल चौधरी दास घोष बनर्जी मुखर्जी चटर्जी पांडे तिवारी दुबे चौहान ठाकुर कुमार लाल पाटिल कुलकर्णी नायक खान मल्होत्रा कपूर चोपड़ा"""
_KOREAN = "김 이 박 최 정 강 조 윤 장 임 한 오 서 신 권 황 안 송 류 전 홍 고 문 양 손 배 백 허 유 남 심 노 하 곽 성 차 주 우 구 나 민 진 지 엄 채 원 천 방 공 현 함 변 염 여 추 도 소 석 선 설 마 길 연 위 표 명 기 반 왕 금 옥 육 인 맹 제 모"


def _read(name: str) -> frozenset[str]:
    text = (files(__package__) / "lists" / name).read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if not line.startswith("#"))


@cache
def given() -> frozenset[str]:
    """Return given names, in small letters."""
    return _read("given.txt") | frozenset((_INDIAN_GIVEN + " " + _FURTHER_GIVEN).split())


@cache
def family() -> frozenset[str]:
    """Return family names, in small letters."""
    return _read("family.txt") | frozenset((_INDIAN_FAMILY + " " + _KOREAN).split())


@cache
def places() -> frozenset[str]:
    """Return towns, states and countries, in small letters."""
    return _read("places.txt")


@cache
def common() -> frozenset[str]:
    """Return words that are written small in English, German, Spanish, French, Italian, Polish and Portuguese."""
    return _read("words.txt")
