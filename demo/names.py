"""Given names and family names of Aldersound, a port where people came from everywhere.

Drawn at random and put together, so that nobody real is meant.
"""

from demo.looks import Bearing

GIVEN: dict[Bearing, tuple[str, ...]] = {
    "f": (
        "Ada", "Agnieszka", "Aigerim", "Amara", "Anouk", "Astrid", "Beatriz", "Bronagh",
        "Chiamaka", "Dagny", "Delphine", "Edith", "Efua", "Elif", "Farida", "Fenna", "Gudrun",
        "Hana", "Hester", "Ingrid", "Iolanthe", "Jamila", "Katya", "Lakshmi", "Leilani", "Lucía",
        "Maeve", "Marisol", "Mirela", "Nadia", "Ngozi", "Noor", "Oona", "Parveen", "Pilar",
        "Rosalind", "Ruta", "Sanna", "Shirin", "Siobhán", "Solveig", "Tamsin", "Thandiwe",
        "Ulrike", "Vesna", "Wanjiru", "Xiomara", "Yuki", "Zofia", "Zuleika",
    ),
    "m": (
        "Aleksander", "Amadou", "Anselm", "Arvid", "Bashir", "Benedikt", "Bogdan", "Cormac",
        "Cuong", "Dmitri", "Eamon", "Edmund", "Emeka", "Enrique", "Farhad", "Fergus", "Giorgos",
        "Gustav", "Harjit", "Hendrik", "Idris", "Imran", "Ivo", "Jens", "Joaquim", "Kaito",
        "Kwabena", "Lorcan", "Ludovic", "Magnus", "Mateo", "Nikhil", "Olamide", "Osman",
        "Pádraig", "Piet", "Rafael", "Ragnar", "Samir", "Søren", "Tadeusz", "Tevita", "Tobias",
        "Umberto", "Vikram", "Walter", "Wenceslas", "Yusuf", "Zoltán", "Zubair",
    ),
    "n": (
        "Alexis", "Ari", "Ashby", "Bryn", "Charlie", "Dara", "Ellis", "Finley", "Harper",
        "Indigo", "Jules", "Kim", "Lane", "Merle", "Nico", "Perrin", "Quinn", "Robin", "Sascha",
        "Toni",
    ),
}  # fmt: skip

FAMILY = (
    "Abernethy", "Adeyemi", "Almqvist", "Amankwah", "Anand", "Arslan", "Bakker", "Baptiste",
    "Barrow", "Benali", "Bergström", "Birdsall", "Bondarenko", "Brannigan", "Calloway",
    "Castellanos", "Chukwu", "Costello", "Dahl", "Danjuma", "Delacroix", "Dhillon", "Dobson",
    "Drummond", "Dvořák", "Eriksen", "Estrada", "Fairweather", "Faleolo", "Farrow", "Ferreira",
    "Fontaine", "Gallagher", "Ghorbani", "Greenhalgh", "Grímsson", "Haddad", "Halloran",
    "Hashimoto", "Haugen", "Hegarty", "Holloway", "Ibarra", "Ilić", "Inoue", "Ivanova", "Jansen",
    "Jayawardena", "Jokinen", "Kaplan", "Karimi", "Kehinde", "Kerrigan", "Kovács", "Kurian",
    "Lachance", "Larkin", "Lind", "Lindqvist", "Lomax", "Macready", "Mahlangu", "Marchetti",
    "Mabena-Ross", "Mercer", "Moreau", "Mwangi", "Nakagawa", "Nasser", "Nightingale", "Novak",
    "O'Dowd", "O'Hara", "Obuya", "Okorie", "Ormsby", "Osei", "Papadakis", "Pellegrino",
    "Penhale", "Petrescu", "Quayle", "Quiroga", "Rahimi", "Rasmussen", "Redfern", "Rosenthal",
    "Rustad", "Saarinen", "Salcedo", "Sandoval", "Sørensen", "Stavros", "Tamura", "Tanaka",
    "Thistlewood", "Toivonen", "Trevanion", "Tautai", "Udo", "Unsworth", "Usman", "Valdés",
    "van der Meer", "Vasquez", "Venkatesh", "Walcott", "Wetherby", "Whitlock", "Winterbourne",
    "Yamada", "Yeboah", "Yilmaz", "Zapata", "Ziegler",
)  # fmt: skip
