"""English words of the invented world: its countries, cities, people, bodies, and what happens there."""

COUNTRIES: dict[str, tuple[str, ...]] = {
    "Velkistan": ("ORVANE", "TULMEK", "QARABEND", "UST-VELKA"),
    "Ardovia": ("BRINDASK", "ZARNOVO", "SESTRAVA", "KORZHANY"),
    "Kestria": ("PELKHAN", "ILMUT", "MIRABASH", "DOVRIN"),
    "Zhurmenia": ("LIDRAVETS", "ŠTERNOVEC", "HALKARA", "OLD TAMB"),
    "Qazmar": ("ÇALDIVAR", "BEYRAM-ATA", "SUNGUR", "YENI KESHT"),
    "Ilvania": ("PORT ILVA", "GRÖNHELM", "ÁRVAD", "MOKROVICE"),
}

PEOPLE = (
    "Alvyn Tresk",
    "Mirena Dolvat",
    "Jorun Pashkel",
    "Selim Ardakul",
    "Žofija Krandel",
    "Óskar Belmünt",
    "Nadira Quvandek",
    "Tomaš Vrulj",
    "Ilka Sørnev",
    "Bektur Omalin",
    "Leyla Çanboz",
    "Radoslav Přímčak",
    "Gulnoz Hamrayeq",
    "Anton Vežbin",
    "Darya Kolmyth",
    "Farukh Izdavar",
    "Ñuria Estrellán",
    "Petar Ograč",
    "Sevara Munduzai",
    "Włodzimir Grzepka",
    "Yelda Karıncalu",
    "Zaur Mehdaban",
    "Ewva Łuszczorn",
    "Ignat Borovlen",
    "Kamila Řešvanka",
    "Madina Tosheqova",
)

OFFICIALS = (
    "Interior Minister {person}",
    "the city prosecutor, {person}",
    "police spokesman {person}",
    "Judge {person}",
    "the head of the press council, {person}",
    "deputy ombudsman {person}",
    "Information Minister {person}",
    "the governor's aide {person}",
)

GROUPS = (
    "Lantern Watch",
    "the Open Ledger Society",
    "the Committee for Quiet Rivers",
    "Paper Shield",
    "the Union of Kiosk Owners",
    "the Northern Candle Circle",
    "Witness Bench",
    "the League of Evening Editors",
    "the Glass House Project",
    "Free Margins",
    "the Lighthouse Legal Clinic",
)

OUTLETS = (
    "The Orvane Lamp",
    "Radio Halkara",
    "the news site Seven Bridges",
    "the weekly Tulmek Gazette",
    "the channel Zarnovo Live",
    "the magazine Inkwell",
    "the online station Wind Rose",
    "the daily Kestrian Mirror",
    "the blog Salt And Paper",
)

SERVICES = (
    ("Velkish", "RFE/RL's Velkish Service"),
    ("Ardovian", "RFE/RL's Ardovian Service"),
    ("Kestrian", "RFE/RL's Radio Kestra"),
    ("Qazmari", "RFE/RL's Qazmari Service"),
)

AGENCIES = ("the Meridian Wire", "Ilvapress", "Kestfaks", "the Two Rivers Agency", "halkara.example", "Northwind News")

TAGS = (
    "press freedom",
    "courts",
    "prisons",
    "internet",
    "protests",
    "elections",
    "languages",
    "libraries",
    "police",
    "students",
    "rivers",
    "trade unions",
    "archives",
    "radio",
)

CHARGES = (
    "spreading unsigned leaflets",
    "insulting a public fountain",
    "holding a poster without a permit",
    "keeping an unregistered printing press",
    "reading aloud after hours",
    "filming a town hall from behind",
    "running a station without a call sign",
    "publishing a map with too many roads",
)

TITLES = (
    "{outlet} Editor {person} Fined Over {thing}",
    "Court In {city} Upholds Sentence Of {person}",
    "{group} Calls On {country} To Free {person}",
    "{country} Police Search Offices Of {outlet}",
    "Hunger Strike Enters Day {number} In {city}",
    "{person} Released After {number} Days In {city} Jail",
    "Journalists Barred From {city} Council Session",
    "{country}'s New Media Law: What Is In It",
    "Blogger {person} Goes On Trial In {city}",
    "'We Will Print On Bread Bags': {outlet} Loses Its Press",
    "{group} Says {number} Reporters Detained In {country}",
    "Who Cut The Cable? {city} Wakes Up Without Internet",
    "Lawyer For {person} Says Client Was Beaten",
    "In {city}, A Library Becomes A Courtroom",
    '"Nobody Reads It Anyway": {country} Closes {outlet}',
    "Activist {person} Leaves {country} After Threats",
)

THINGS = ("Cartoon", "Weather Report", "Poem", "Crossword", "Bus Timetable", "Photo Of A Bridge", "Obituary")

LEADS = (
    "A court in {city} has sentenced {person}, an editor of {outlet}, to {number} months in prison on a charge of {charge}.",
    "{group} has called on the authorities in {country} to release {person}, who has been held in {city} for {number} days.",
    "Police in {city} have searched the offices of {outlet} and taken away {number} computers, the outlet's staff say.",
    "Relatives of {person} say they have not been allowed to visit the reporter since a hearing in {city} in {month}.",
    "{outlet} says its website has been out of reach across {country} since the night of {month} {day}.",
    "More than {number} people gathered in {city} on {weekday} to protest against the arrest of {person}.",
    "The parliament of {country} has passed a bill that would let officials close a newspaper after {number} warnings.",
    "{person}, a blogger from {city} known for reports on the water supply, has gone missing, {group} says.",
    "Jailed journalist {person} has ended a hunger strike after {number} days, a lawyer said in {city}.",
    "A prosecutor in {city} has asked for {number} years in prison for {person}, who is accused of {charge}.",
)

SENTENCES = (
    "{person} told reporters outside the courtroom that the hearing had lasted less than {number} minutes.",
    "The verdict was read out to an almost empty hall, since the public had been sent away because of repairs.",
    "{group} said in a statement on {weekday} that the case was a warning to everyone who asks questions in {country}.",
    "{official} said the investigation was going on and declined to say how many people had been questioned.",
    "According to {outlet}, officers arrived before dawn and left with notebooks, telephones, and a kettle.",
    "The defense said it would appeal and asked for a translator, because the indictment had been written in haste.",
    "Neighbors said they had heard shouting in the stairwell and a radio that played marches until noon.",
    'The charge of {charge} carries a fine of up to {number} florins or as many days of "useful work."',
    "A witness withdrew his testimony, saying he had signed {number} blank pages in a police car.",
    "Colleagues of {person} started a collection, and by {weekday} evening it had reached {number},000 florins.",
    "The ministry did not answer a list of questions that was sent to it in {month}.",
    "{person} has denied all the charges and calls them an attempt to silence {outlet}.",
    "In a letter that was smuggled out of the prison in {city}, {person} describes a cell for {number} people with nine beds.",
    "International groups have criticized {country} for years for its treatment of independent media.",
    "{official} called the criticism “a misunderstanding of local custom” and promised a round table.",
    "The law was passed in three readings within {number} hours; two deputies voted against it.",
    "Rights lawyers point out that the constitution of {country} has promised freedom of the press since the winter reform.",
    "Outside, about {number} students held up blank sheets of paper, and police took down the names on none of them.",
    "The court also ordered that the newspaper's archive be kept under seal until the appeal has been heard.",
    "{person}'s sister said the family had received a parcel with his glasses and no explanation.",
    "The station has moved its transmitter across the border to {city2}, where listeners report a good signal.",
    "“I was asked who pays for my ink,” {person} said. “I told them that I make it from walnuts.”",
    "Observers from {group} were turned away at the door and watched the hearing on a screen in the canteen.",
    "Last year the same court acquitted {number} of the {number2} people who came before it.",
    "The trial was put off until {month} {day} because the judge's car had been taken by the flood.",
    "An earlier case against {person} was dropped in {month} for lack of evidence.",
    "“Nobody has shown us a single page,” said {person}, who represents {number2} of the detained.",
    "State television showed the arrest {number} times that evening, always from the same angle.",
    "{group} keeps a list of {number2} people who it says are held in {country} for what they wrote.",
    "The governor of the region has said the protest was the work of people who had too little to do.",
    "Doctors who examined {person} on {weekday} found bruises on both arms, the lawyer said.",
    "The editor's desk was sold at auction in {city2}; a reader bought it and gave it back.",
    "A spokeswoman for the railways confirmed that {number} bundles of newspapers had been unloaded by mistake.",
    "In {city2}, the correspondent of {outlet} was held for {number} hours and released without charge.",
    "The draft bill has {number2} articles, {number} of which deal with the size of headlines.",
    "{official} told [[the evening bulletin|https://bulletin.example/item/{number2}]] that no journalist had been harmed.",
    "The case was first reported by [[{outlet}|https://press.example/{number2}.html]], which has since lost its license.",
    "The hearing had been put off before, as this page [[reported|{before}]] at the time.",
    "Three of the five judges had been appointed in {month}, {group} noted.",
    "{person} has been writing about the price of bread in {city} since {year}.",
    "“We counted {number2} potholes and {number} policemen,” the report said, “and only the potholes were hidden.”",
    "The prison administration says all inmates are treated alike and that the library opens on {weekday}s.",
    "A petition for {person}'s release has been signed by {number2},{number3} people in eleven countries.",
    "The interpreter left the room in protest, and the session went on without her for {number} minutes.",
    "“My client is charged with {charge}, and no such offense is known to the code,” the lawyer said.",
)

SHORT_SENTENCES = (
    "No date has been set for the appeal.",
    "The office remains closed.",
    "The ministry has not commented.",
    "Two others are still missing.",
    "The newspaper appeared the next day all the same.",
    "All of them deny it.",
    "The road to {city2} was open again by {weekday}.",
    "A decision is expected in {month}.",
)

HEADINGS = (
    "'A Question Of Ink'",
    "What The Law Says",
    "A Long Night In {city}",
    "The Missing Pages",
    "Three Florins A Line",
    "Reaction Abroad",
    "Background",
    "Who Is {person}?",
)

CAPTIONS = (
    "{person} (left) leaves the court building in {city} on {month} {day}.",
    "{person} (file photo)",
    "The printing works of {outlet} after the search",
    "Students hold up blank sheets of paper in {city}, {month} {day}.",
    "A view of the prison near {city}, where {person} is said to be held",
    "FILE - {person} speaks at a rally in {city2}.",
    "The seal on the door of {outlet} (illustrative photo)",
)

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
