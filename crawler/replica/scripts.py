"""Sentences of the invented world in other tongues and scripts: Cyrillic, Arabic script, Latin with many diacritics."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """Sentences of one language; ``{n}`` is a number. ``slug`` is used where the CMS makes none of the title."""

    language: str
    direction: str
    titles: tuple[str, ...]
    captions: tuple[str, ...]
    sentences: tuple[str, ...]
    place: str


RUSSIAN = Tongue(
    language="ru",
    direction="ltr",
    place="ОРВАНЕ, Велькистан",
    titles=(
        "Редактор газеты «Лампа» оштрафован за кроссворд",
        "В Тульмеке закрыли библиотеку, открытую ночью",
        "Суд в Брындаске отложил дело о нечитаемых листовках",
        "«Чернила из грецких орехов»: как печатают в Кестрии",
        "Журналистов не пустили на заседание совета Зарнова",
    ),
    captions=(
        "Здание суда в Брындаске",
        "Жители Тульмека у закрытой библиотеки",
        "Редакция газеты «Лампа» после обыска",
    ),
    sentences=(
        "Суд вымышленного города Брындаск признал редактора виновным в хранении незарегистрированного печатного станка.",
        "Заседание продолжалось {n} минут, публику попросили выйти из-за ремонта потолка.",
        "Коллеги обвиняемого собрали {n} тысяч флоринов на уплату штрафа и новый чайник.",
        "В полиции сообщили, что проверка продолжается, и отказались назвать число допрошенных.",
        "Соседи рассказали, что ночью в подъезде играло радио и кто-то громко считал до {n}.",
        "Защита намерена обжаловать приговор и просит перевести обвинительное заключение на понятный язык.",
        "Министерство информации Ардовии не ответило на вопросы, отправленные ещё весной.",
        "Организация «Бумажный щит» напоминает, что за год под стражей оказались {n} человек.",
        "Свидетель отказался от показаний, сказав, что подписал {n} чистых листов в служебной машине.",
        "Сестра заключённого получила посылку с его очками и без единого объяснения.",
        "Прокурор назвал критику недоразумением и пообещал провести круглый стол.",
        "Передатчик радиостанции перенесли через границу, и слушатели сообщают о хорошем сигнале.",
        "Государственное телевидение показало задержание {n} раз, всегда с одной и той же стороны.",
        "Студенты вышли на площадь с пустыми листами бумаги, и записывать было нечего.",
        "Следующее заседание назначено на осень, когда из канцелярии уйдёт вода.",
    ),
)

PERSIAN = Tongue(
    language="fa",
    direction="rtl",
    place="پلخان، کستریا",
    titles=(
        "دادگاه پلخان سردبیر روزنامه «فانوس» را جریمه کرد",
        "کتابخانه شبانه تولمک بسته شد",
        "بازداشت نویسنده خیالی به اتهام چاپ نقشه‌ای با جاده‌های زیاد",
        "روزنامه‌نگاران به جلسه شورای شهر راه نیافتند",
    ),
    captions=(
        "ساختمان دادگاه در شهر خیالی پلخان",
        "خوانندگان روزنامه در برابر دکه بسته",
        "دفتر روزنامه «فانوس» پس از بازرسی",
    ),
    sentences=(
        "دادگاهی در شهر خیالی پلخان سردبیر روزنامه «فانوس» را به پرداخت {n} فلورین جریمه محکوم کرد.",
        "جلسه دادگاه تنها {n} دقیقه طول کشید و تماشاگران به بهانه تعمیر سقف بیرون فرستاده شدند.",
        "وکیل متهم می‌گوید موکلش همه اتهام‌ها را رد می‌کند و درخواست تجدیدنظر خواهد داد.",
        "همکاران او می‌گویند مأموران پیش از طلوع آفتاب آمدند و دفترچه‌ها و یک کتری را با خود بردند.",
        "سازمان «سپر کاغذی» اعلام کرد که در یک سال گذشته {n} نفر به خاطر نوشته‌هایشان بازداشت شده‌اند.",
        "وزارت اطلاع‌رسانی کستریا به پرسش‌هایی که در بهار فرستاده شده بود پاسخی نداد.",
        "خواهر زندانی بسته‌ای دریافت کرد که در آن فقط عینک او بود و هیچ توضیحی همراه نداشت.",
        "دانشجویان با برگه‌های سفید به میدان آمدند و چیزی برای نوشتن در پرونده نبود.",
        "یکی از شاهدان شهادت خود را پس گرفت و گفت {n} برگه سفید را امضا کرده است.",
        "فرستنده رادیو به آن سوی مرز برده شد و شنوندگان از کیفیت صدا راضی هستند.",
        "دادستان این انتقادها را سوءتفاهم خواند و وعده برگزاری یک میزگرد داد.",
        "جلسه بعدی در پاییز برگزار می‌شود، زمانی که آب از بایگانی دادگاه بیرون رفته باشد.",
    ),
)

CZECH = Tongue(
    language="cs",
    direction="ltr",
    place="ŠTERNOVEC, Žurmenie",
    titles=(
        "Soud ve Šternovci potrestal redaktorku za příliš dlouhou křížovku",
        "Žurmenská policie prohledala tiskárnu týdeníku Kalamář",
        "Noční knihovna v Halkaře zůstává zavřená",
        "„Budeme tisknout na pytlíky od chleba,“ říká vydavatelka",
    ),
    captions=(
        "Budova soudu ve Šternovci",
        "Čtenáři před zavřenou knihovnou v Halkaře",
        "Tiskárna týdeníku Kalamář po prohlídce",
    ),
    sentences=(
        "Soud ve smyšleném městě Šternovec uložil redaktorce týdeníku Kalamář pokutu {n} florinů.",
        "Jednání trvalo sotva {n} minut a veřejnost musela kvůli opravě stropu odejít.",
        "Obhájce řekl, že se odvolá, protože spis byl sepsán příliš kvapně a v cizím nářečí.",
        "Podle svědků přijeli policisté před úsvitem a odnesli zápisníky, telefony a rychlovarnou konvici.",
        "Sdružení Papírový štít uvedlo, že za poslední rok bylo zadrženo {n} lidí, kteří jen psali.",
        "Ministerstvo informací na otázky zaslané v únoru neodpovědělo ani po urgenci.",
        "Příbuzní vězněné novinářky dostali balíček s jejími brýlemi a bez vysvětlení.",
        "Studenti přišli na náměstí s prázdnými listy, takže nebylo co zabavit.",
        "Vysílač rozhlasové stanice se přestěhoval za hranici a posluchači hlásí výborný příjem.",
        "Žalobce označil kritiku za nedorozumění a slíbil, že uspořádá kulatý stůl.",
        "Další líčení se bude konat na podzim, až z archivu opadne voda.",
        "Sbírka na pokutu vynesla do pátku {n} tisíc florinů a jednu novou konvici.",
    ),
)

TURKISH = Tongue(
    language="tr",
    direction="ltr",
    place="ÇALDIVAR, Kazmar",
    titles=(
        "Çaldıvar mahkemesi gazeteciye bulmaca yüzünden ceza verdi",
        "Sungur'da gece kütüphanesi kapatıldı",
        "“Mürekkebi cevizden yapıyoruz”: Kazmar'da bir matbaanın öyküsü",
        "Yeni Keşt belediyesi muhabirleri toplantıya almadı",
    ),
    captions=(
        "Çaldıvar adliyesinin girişi",
        "Kapalı kütüphanenin önünde bekleyen okurlar",
        "Aramadan sonra gazetenin yazı işleri",
    ),
    sentences=(
        "Hayali Çaldıvar kentindeki mahkeme, gazetenin yazı işleri müdürüne {n} florin para cezası verdi.",
        "Duruşma yalnızca {n} dakika sürdü ve dinleyiciler tavan onarımı gerekçesiyle dışarı çıkarıldı.",
        "Avukatı, müvekkilinin bütün suçlamaları reddettiğini ve karara itiraz edeceğini söyledi.",
        "Görevliler şafaktan önce geldi; defterleri, telefonları ve bir çaydanlığı alıp götürdü.",
        "Kâğıt Kalkan adlı kuruluşa göre geçen yıl yazdıkları için {n} kişi gözaltına alındı.",
        "Enformasyon Bakanlığı ilkbaharda gönderilen soruların hiçbirini yanıtlamadı.",
        "Tutuklunun kız kardeşine, içinde yalnızca gözlüğü bulunan bir paket ulaştı.",
        "Öğrenciler meydana boş kâğıtlarla çıktı, bu yüzden tutanağa yazacak bir şey bulunamadı.",
        "Savcı eleştirileri bir yanlış anlama olarak niteledi ve yuvarlak masa sözü verdi.",
        "Radyonun vericisi sınırın ötesine taşındı; dinleyiciler sesin çok iyi olduğunu söylüyor.",
        "Bir sonraki duruşma sonbaharda, arşivdeki su çekildikten sonra yapılacak.",
    ),
)

TONGUES = (RUSSIAN, PERSIAN, CZECH, TURKISH)
