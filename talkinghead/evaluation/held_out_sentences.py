"""Sentences and voices that only measure: no training may speak them.

The fixed rule: the timbres below are those that the speech corpus keeps for its eval split
(`training.corpus_engines`), less the numbered and Klatt ones, which the first recogniser heard in
training, and less those that are a sound effect (an echo, a filter). All four speak every language,
sentence after sentence in turn. The sentences are whole ones written for this file, while training
speaks random words and transcripts. A test draws training voices and finds none of these.

Of twelve sentences a language, the first six are rich in /m b p f v/, the others in /u o w/.
"""

from __future__ import annotations

from collections.abc import Mapping

ACCENTS: Mapping[str, str] = {
    "en": "en-us", "es": "es", "fr": "fr", "tr": "tr", "pl": "pl", "cmn": "cmn",
}  # fmt: skip
"""Language to espeak-ng accent: six languages, one of them Germanic, one with tones."""
TIMBRES = ("Annie", "robert", "linda", "gustave")

SENTENCES: Mapping[str, tuple[str, ...]] = {
    "en": (
        "Bumpy camp beds bother members of my book club. Five of them have complained.",
        "Pamela mumbles a poem before breakfast. Her puppy barks back.",
        "Put plum jam and pepper on the lamb. Very few people believe me.",
        "The bomber jumped from a broken bridge. My brave friend filmed it.",
        "Maybe Ben prefers simple farm eggs. Vera simply buys more of them.",
        "An empty pub, a foggy morning. Nobody opened the big front door.",
        "Two wolves would follow you to the moon. Who told the crew so?",
        "Go slowly round the loose stones. We wore woollen robes at noon.",
        "Soon the cold wind blew over our boat. Do you hope to row home?",
        "Few students knew the whole truth. Joe rolled a new wheel.",
        "Do not lose those old blue shoes. Rose woke up too soon.",
        "One swan moved slowly through the pool. Moses wrote two odes.",
    ),
    "es": (
        "Pepe bebe poco vino. Mi primo vive en un pueblo muy bonito.",
        "La bomba de agua rompió el puente. Nadie me empuja por la noche.",
        "Mamá prepara una sopa simple. El panadero vende pan blanco.",
        "Un hombre amable compra siempre fresas. Bueno, vamos a probar.",
        "El famoso profesor fuma un puro. Pablo prefiere el tambor.",
        "Me faltan palabras buenas. Empezamos a bailar en la fiesta.",
        "Uno busca su mundo oscuro. El oso gordo come los hongos.",
        "Tu tío Hugo usa un gorro rojo. Huele a humo y a huevo.",
        "Los búhos duermen solos. Algunos lobos corrieron mucho.",
        "El sol cubre todo el surco. Yo no supe cuándo subió.",
        "Pon un poco de zumo puro. El humor del juez es curioso.",
        "Ocho osos rudos cruzan el lodo. Luego huyen juntos.",
    ),
    "fr": (
        "Un bon ami peut parfois me faire peur. Ma famille part en bateau.",
        "Le pompier porte un beau pompon. Mon voisin vend des pommes.",
        "Pauline pense beaucoup à sa maman. Benoît veut bien la voir.",
        "Il tombe une petite pluie froide. Le fromage blanc me plaît.",
        "Ma poupée préférée est perdue. Bernard mange avec appétit.",
        "Un vieux bombardier vole bas. Combien de vivres emporte ma femme?",
        "Où court le loup roux? Nous voulons tous une soupe au chou.",
        "Les roues tournent toujours. Louis joue avec un gros ours.",
        "Beaucoup de gros oiseaux volent trop haut. Voilà du pot-au-feu.",
        "Vous goûtez douze choux. Tout à coup le jour s'ouvre.",
        "Oui, je crois que tu joues trop. Le fou roule sous la lune.",
        "Un tout nouveau bijou d'or. Louise le trouve chouette.",
    ),
    "tr": (
        "Babam pazar sabahı bol bol peynir yapar. Benim param bitti.",
        "Mavi balonlar bomboş parkta patladı. Fatma pembe bir kapı boyadı.",
        "Büyük bebek pembe pabuç beğenmedi. Vapur limana varmış.",
        "Biber, patates ve maydanoz pişir. Her akşam evime bir fare gelir.",
        "Bu kitap bana büyük bir ipucu verdi. Ama ben bulamadım.",
        "Pamuk battaniye bende kalabilir mi? Bahçede palmiye var.",
        "Soğuk suyu kovaya doldur. Uzun yolda kuşlar uçuyor.",
        "Oğlum okulda oyun oynuyor. Şu kutu çok dolu.",
        "Ormanda kurt uluyordu. Kol kola koştuk, sonra uyuduk.",
        "Dokuz koyun o yoldan uzaklaştı. Toz duman oldu.",
        "Sol kolum yoruldu. Kuru odun umut olur mu?",
        "Komşunun torunu horozu kovuyor. O da doğru durdu.",
    ),
    "pl": (
        "Babcia pamięta pierwszą piękną bombkę. Mój brat pije piwo.",
        "Piotr buduje mały pomost przy plaży. Mama kupiła białą lampę.",
        "Panie Bobrze, proszę mi pomóc. Zabawna małpa bije w bęben.",
        "Potem pobiegłem po chleb i masło. Film był bardzo ponury.",
        "Pamela ma pomysł na obiad. Wujek Paweł maluje parapet.",
        "Maja zabrała parasol na biwak. Bomba wpadła w błoto.",
        "Ósmy kogut znów głośno gdacze. Mokry bób rośnie w ogrodzie.",
        "Wójt ukrył swój skórzany but. Około południa wóz ruszył.",
        "Kot wskoczył do wody. Ktoś otworzył okno i woła kolegów.",
        "Luty był długi, suchy i chłodny. Chudy wół stoi u wodopoju.",
        "Oto nowy utwór o morzu. Dużo osób słucha go po południu.",
        "Wuj Ludwik zgubił ołówek. Łódź tonie wśród fal.",
    ),
    "cmn": (
        "爸爸妈妈买面包。不怕慢，明白吗？",
        "我朋友旁边放着八本漂亮的书。方法不必变。",
        "奶奶不买便宜的苹果。病房门没有被风吹开。",
        "明明每天跑步，飞飞拍皮球。别忘了买票。",
        "北方人怕麻烦。包子放在盘子里，妹妹把它搬走。",
        "宝宝慢慢爬上木板。爬满的葡萄发白。",
        "我多喝果汁。虎王住在五楼。",
        "哥哥说火锅不错。屋后有我的朵朵花。",
        "过了五座木屋，我们坐火车回国。",
        "舅舅出国读书，做了很多错题。",
        "老虎追着猪跑出森林。骆驼走过沙漠。",
        "我握住绳索，往下滑落。无数果子熟透了。",
    ),
}


def voice_of(language: str, index: int) -> str:
    """The espeak-ng voice of a language's sentence."""
    return f"{ACCENTS[language]}+{TIMBRES[index % len(TIMBRES)]}"
