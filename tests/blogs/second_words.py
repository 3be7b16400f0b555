"""Words of an invented island where nothing but the tide is in a hurry."""

PEOPLE = (
    "Amparo Quilés Brun",
    "Íñigo Tordera",
    "Concha Malvís",
    "Baldomero Ñíguez",
    "Úrsula Peñalver-Sant",
    "Gaspar Oropél",
)
SECTIONS = ("Sociedad", "Puerto", "Letras", "Mareas")
TAGS = ("pesca", "biblioteca", "faro", "ayuntamiento", "viento", "radio", "pan")

TITLES = (
    "El faro de Punta Barlén vuelve a encenderse sin permiso",
    "¿Quién se llevó el reloj de la lonja?",
    "La imprenta de Malvarrosa Alta cumple cien años y una multa",
    "Crónica de una votación a mano alzada y con paraguas",
    "Los pescadores piden que la niebla avise con tiempo",
    "Nueve preguntas al hombre que cuenta las gaviotas",
    "La biblioteca abre de noche, cuando hay menos ruido",
    "El pregonero se jubila: «Nadie me lleva la contraria»",
    "Una señal de tráfico en medio de la marisma",
    "Año de percebes, año de pleitos",
)

SENTENCES = (
    "En la isla de Barlén, que no figura en ningún mapa, la noticia corrió antes que el viento.",
    "El ayuntamiento sostiene que la lámpara se encendió sola y que nadie debe sacar conclusiones.",
    "{person} lleva {n} años apuntando en un cuaderno la hora exacta de cada marea.",
    "«No fue un descuido», dijo {person}, «fue una costumbre que nadie nos había explicado».",
    "La lonja cerró a las {n}, y las cajas de sardinas se quedaron mirando al techo.",
    "Según el bando, queda prohibido silbar en la plaza los días impares, salvo que llueva.",
    "Los vecinos de Malvarrosa Alta reunieron {n} firmas y un paraguas extraviado.",
    "La emisora local repitió el comunicado tres veces, cada vez con una música distinta.",
    "El secretario leyó el acta en voz baja, y por eso constan {n} ausencias.",
    "Hubo quien trajo pan, quien trajo una silla y quien trajo el mismo argumento de siempre.",
    "{person} recuerda que en el invierno de los peces el puerto amaneció sin horizonte.",
    "La imprenta trabaja con tinta de calamar y papel de sacos de harina desde hace {n} inviernos.",
    "Nadie ha sabido explicar por qué el reloj atrasa exactamente lo que dura una misa.",
    "El juez de paz aplazó la vista hasta que baje el agua del archivo.",
    "A la salida, un niño preguntó si el faro también paga impuestos; no obtuvo respuesta.",
    "La cofradía calcula que se perdieron {n} redes y una reputación.",
    "El bibliotecario presta linternas y exige que se devuelvan encendidas.",
    "Desde entonces, cada tarde, alguien deja una piedra blanca junto a la puerta.",
)

HEADINGS = ("Lo que dice el bando", "Una tarde en la lonja", "Por qué importa", "El cuaderno de las mareas")
CAPTIONS = (
    "El faro de Punta Barlén, una mañana de niebla",
    "La lonja vacía",
    "Tipos de plomo en la imprenta de Malvarrosa Alta",
)
MONTHS = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre",
    "octubre", "noviembre", "diciembre",
)  # fmt: skip
