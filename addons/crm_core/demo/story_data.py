"""Who buys what, and how often: the wholesaler "Northgate Office Supply" and its customers.

Pure data. All names are invented.
"""

# key: (name, price, cost, kind); kinds: stock, durable, service
PRODUCTS = {
    "paper": ("Copy Paper A4, Box of 5", 31.0, 21.5, "stock"),
    "paper3": ("Copy Paper A3, Ream", 12.5, 8.2, "stock"),
    "toner": ("Toner Black XL", 89.0, 58.0, "stock"),
    "color": ("Toner Color Set", 214.0, 149.0, "stock"),
    "envelopes": ("Envelopes C5, Pack of 500", 24.0, 14.0, "stock"),
    "labels": ("Shipping Labels, Roll", 17.5, 9.8, "stock"),
    "tape": ("Packing Tape, 6 Rolls", 11.9, 6.1, "stock"),
    "binders": ("Lever Arch Files, 10", 27.0, 16.0, "stock"),
    "pens": ("Ballpoint Pens, Box of 50", 18.0, 9.5, "stock"),
    "notebooks": ("Notebooks A5, Pack of 10", 22.0, 12.4, "stock"),
    "markers": ("Whiteboard Markers, Set", 9.8, 5.2, "stock"),
    "coffee": ("Coffee Beans 6 kg", 78.0, 54.0, "stock"),
    "filters": ("Water Filters, Pack of 6", 33.0, 20.0, "stock"),
    "wipes": ("Screen Wipes, Tub", 6.9, 3.1, "stock"),
    "towels": ("Paper Towels, Case", 38.0, 26.0, "stock"),
    "batteries": ("Batteries AA, Pack of 40", 16.0, 9.0, "stock"),
    "exercise": ("Exercise Books, Pack of 100", 46.0, 29.0, "stock"),
    "chalk": ("Art Paper, Class Set", 28.0, 17.0, "stock"),
    "printer": ("Laser Printer Duo 420", 389.0, 292.0, "durable"),
    "shredder": ("Shredder Pro 12", 249.0, 171.0, "durable"),
    "machine": ("Coffee Machine Barista", 899.0, 640.0, "durable"),
    "chair": ("Office Chair Ergo", 279.0, 188.0, "durable"),
    "service": ("Printer Maintenance Visit", 120.0, 70.0, "service"),
    "setup": ("Installation on Site", 95.0, 60.0, "service"),
}

# What an order is made of: (product, quantity, in every n-th order)
BASKETS = {
    "office": [
        ("paper", 8, 1),
        ("toner", 2, 2),
        ("pens", 1, 3),
        ("binders", 2, 4),
        ("notebooks", 2, 4),
    ],
    "studio": [
        ("paper3", 6, 1),
        ("color", 2, 1),
        ("markers", 3, 2),
        ("coffee", 1, 2),
        ("filters", 1, 4),
    ],
    "shop": [("labels", 10, 1), ("tape", 6, 1), ("envelopes", 4, 2), ("paper", 3, 3)],
    "hotel": [
        ("coffee", 4, 1),
        ("filters", 2, 2),
        ("towels", 6, 1),
        ("paper", 4, 3),
        ("wipes", 3, 3),
    ],
    "school": [
        ("exercise", 20, 1),
        ("chalk", 15, 1),
        ("pens", 6, 1),
        ("paper", 20, 1),
        ("markers", 10, 2),
    ],
    "clinic": [
        ("towels", 10, 1),
        ("wipes", 12, 1),
        ("paper", 10, 1),
        ("toner", 3, 2),
        ("batteries", 2, 4),
    ],
    "workshop": [("towels", 4, 1), ("batteries", 3, 2), ("labels", 3, 2), ("coffee", 2, 3)],
}

# name: (place, basket, days between orders, spread, first order days ago, last order days ago, traits)
# traits: euro, late_payer, returns, partial, seasonal, grows, service, first:<durable>
CUSTOMERS = {
    "Harbor & Hale Law Offices": ("Boston", "office", 31, 2, 720, 52, "service first:printer"),
    "Brannigan Print Works": ("Pittsburgh", "studio", 50, 6, 725, 275, "late_payer first:printer"),
    "Kestrel Group": ("Chicago", "office", 46, 4, 710, 12, "grows first:shredder"),
    "Old Mill Hotel": ("Savannah", "hotel", 45, 3, 700, 9, "late_payer first:machine"),
    "Linden School District": ("Columbus", "school", 75, 9, 690, 48, "seasonal"),
    "Pixelforge Studios": ("Austin", "studio", 55, 5, 540, 6, "grows first:printer"),
    "Bergmann Bürotechnik GmbH": ("Hamburg", "shop", 60, 4, 705, 15, "euro partial"),
    "Papeterie Lumière SARL": ("Lyon", "office", 94, 10, 430, 38, "euro returns"),
    "Novák a syn s.r.o.": ("Brno", "workshop", 80, 8, 430, 21, "euro late_payer"),
    "Riverside Dental Clinic": ("Portland", "clinic", 60, 4, 715, 18, "first:shredder"),
    "Ashgrove Veterinary Center": ("Denver", "clinic", 88, 10, 430, 30, ""),
    "Bluefin Logistics": ("Tacoma", "shop", 45, 2, 480, 4, "grows partial"),
    "Marlow & Finch Architects": ("Seattle", "studio", 101, 12, 430, 31, "first:printer returns"),
    "Cedar Falls Public Library": ("Cedar Falls", "office", 126, 13, 430, 41, ""),
    "Sunrise Bakery Cafés": ("San Diego", "hotel", 55, 4, 420, 11, "first:machine"),
    "Greenway Garden Markets": ("Boise", "shop", 76, 8, 430, 26, "seasonal"),
    "Ironwood Machine Works": ("Cleveland", "workshop", 105, 10, 430, 44, "partial"),
    "St. Brendan's Academy": ("Albany", "school", 94, 12, 430, 60, "seasonal"),
    "Tidewater Insurance": ("Norfolk", "office", 60, 4, 500, 14, "service first:shredder"),
    "Lakeshore Conference Center": ("Milwaukee", "hotel", 71, 8, 430, 19, "returns"),
    "Copper Kettle Roasters": ("Santa Fe", "shop", 60, 4, 380, 8, ""),
    "Willow Creek Physiotherapy": ("Madison", "clinic", 97, 10, 430, 25, ""),
    "Anchor Bay Boat Yard": ("Annapolis", "workshop", 134, 15, 430, 50, ""),
    "Foxglove Floral Delivery": ("Nashville", "shop", 55, 5, 330, 16, "grows"),
    "Summit Peak Outfitters": ("Salt Lake City", "shop", 82, 8, 560, 205, "late_payer"),
    "Juniper Street Co-working": ("Brooklyn", "hotel", 40, 2, 300, 3, "first:machine grows"),
    "Holloway Engineering": ("Houston", "studio", 116, 12, 430, 96, "first:printer"),
    "Maple Leaf Translations": ("Burlington", "office", 147, 15, 430, 55, ""),
    "Quarry Lane Nursery School": ("Raleigh", "school", 158, 15, 400, 70, "seasonal"),
    "Vantage Point Media": ("Los Angeles", "studio", 28, 2, 70, 13, "first:printer"),
    "Beacon Street Pharmacy": ("Providence", "clinic", 30, 3, 62, 5, ""),
    "Elm & Oak Furniture": ("Grand Rapids", "shop", 28, 3, 35, 7, ""),
}

# Companies of a group buy on their own account; the parent is another customer.
GROUP = {
    "Kestrel Retail": ("Kestrel Group", "Chicago", "shop", 60, 5, 640, 10, "partial"),
    "Kestrel Logistics": ("Kestrel Group", "Joliet", "workshop", 78, 8, 430, 58, ""),
}

# No order yet: (place, basket of the open quotation or None, expected revenue of the opportunity)
PROSPECTS = {
    "Northern Lights Brewery": ("Duluth", "hotel", 6400),
    "Orchard Hill Clinic": ("Spokane", "clinic", 12500),
    "Silverline Couriers": ("Omaha", "shop", 8200),
    "Harvest Moon Catering": ("Des Moines", None, 3900),
    "Stonebridge Community College": ("Toledo", "school", 27000),
    "Atlas Moving & Storage": ("Tulsa", None, 5100),
}

# Where the cities are: code of the region, and the country where it is not the United States.
REGIONS = """
    CA San Diego, CA Los Angeles, CO Denver, GA Savannah, IA Cedar Falls, IA Des Moines, ID Boise, IL Chicago,
    IL Joliet, MA Boston, MD Annapolis, MI Grand Rapids, MN Duluth, NC Raleigh, NE Omaha, NM Santa Fe,
    NY Albany, NY Brooklyn, OH Cleveland, OH Columbus, OH Toledo, OK Tulsa, OR Portland, PA Pittsburgh,
    RI Providence, TN Nashville, TX Austin, TX Houston, UT Salt Lake City, VA Norfolk, VT Burlington,
    WA Seattle, WA Spokane, WA Tacoma, WI Madison, WI Milwaukee, DE-HH Hamburg
"""
REGION_OF = {
    city: code for code, city in (place.strip().split(" ", 1) for place in REGIONS.strip().split(","))
}
COUNTRIES = {"Hamburg": "DE", "Lyon": "FR", "Brno": "CZ"}

CONTACTS = [
    ("Anna Kowalska", "Head of Purchasing"),
    ("Daniel Osei", "Office Manager"),
    ("Grace Lindqvist", "Facility Manager"),
    ("Tomás Herrera", "Operations"),
    ("Priya Raman", "Finance"),
    ("Jonas Weber", "Purchasing"),
    ("Chloe Martin", "Assistant"),
    ("Mei Tanaka", "Studio Lead"),
]

# Customers of the selection that offers were made for.
OFFERED = (
    "Harbor & Hale Law Offices",
    "Brannigan Print Works",
    "Riverside Dental Clinic",
    "Bluefin Logistics",
    "Marlow & Finch Architects",
)

# Contacts logged by hand: customer, days ago, channel, direction, outcome, about what, next step.
LOGGED = (
    (
        "Harbor & Hale Law Offices",
        9,
        "phone",
        "out",
        "not_reached",
        "Late against their rhythm",
        "Call again",
    ),
    ("Old Mill Hotel", 3, "phone", "in", "complaint", "Towels came a day late", False),
    ("Riverside Dental Clinic", 16, "meeting", "out", "interested", "Storage for the new rooms", False),
    ("Bluefin Logistics", 6, "message", "in", "reached", "Labels in the larger format?", "Send samples"),
)
