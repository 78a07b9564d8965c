# SPDX-License-Identifier: Apache-2.0
"""A pack of one rule, as a company would write it."""

PACK = """pack: house
version: 1.0.0
licence: LicenseRef-house
rules:
  - id: house.ticket
    title: {{ en: Ticket number, de: Vorgangsnummer }}
    severity: medium
    mask: "[ticket]"
    pattern: '{pattern}'
    anchor: ["{anchor}"]
    chars: "A-Za-z0-9 -"
    confidence: {{ base: 80 }}
    references: ["https://house.example/tickets"]
    examples:
      match: {match}
      miss: ["one", "two", "three"]
"""
GOOD = {"pattern": "HT-[0-9]{6}", "anchor": "HT-", "match": '["HT-123456", "see HT-654321", "(HT-111222)"]'}


def house_pack(**change):
    return PACK.format(**{**GOOD, **change})
