/* SPDX-License-Identifier: Apache-2.0 */
/* validate_address - streets and towns, names beside labels, postcodes, addresses of networks, numbers of doctors. */
#include "validate_t.h"

/* invented addresses; RFC 4291, RFC 3849 and RFC 1918; KBV's rule for the check digit, worked out by hand */
static const struct vector vectors[] = {
    { "address", "Lindenstraße 12", FLT_V_SHAPE },
    { "address", "Lindenstraße 12-14", FLT_V_SHAPE },
    { "address", "Lindenstraße 12, 10115 Berlin", FLT_V_OK },
    { "address", "ul. Długa 10/15, 00-590 Warszawa", FLT_V_OK },
    { "address", "12 Mill Road, Oxford OX1 4AB", FLT_V_OK },
    { "address", "Keizersgracht 123, 1015 CJ Amsterdam", FLT_V_OK },
    { "address", "37 Kestrel Lane", FLT_V_SHAPE },
    { "address", "Musterstraße 1, 12345 Musterstadt", FLT_V_EXAMPLE },
    { "labelled_address", "Hinter den Höfen 7, 24103 Kiel", FLT_V_OK },
    { "labelled_address", "Rue du Lac 7", FLT_V_SHAPE },
    { "labelled_address", "127.0.0.1", FLT_V_WRONG },
    { "labelled_address", "see below, thanks", FLT_V_WRONG },
    { "labelled_name", "Vorname: Jörg", FLT_V_SHAPE },
    { "labelled_name", "First name: Required", FLT_V_EXAMPLE },
    { "labelled_name", "full name: please enter", FLT_V_WRONG },
    { "ends_in_name", "final warning to Mr. Tanner", FLT_V_SHAPE },
    { "ends_in_name", "final warning to Mr. nobody", FLT_V_WRONG },
    { "uk_postcode", "OX14AB", FLT_V_SHAPE },
    { "uk_postcode", "SW1A2AB", FLT_V_SHAPE },
    { "uk_postcode", "OX14CK", FLT_V_WRONG },
    { "uk_postcode", "Q14AB", FLT_V_WRONG },
    { "uk_postcode", "OX1A4B", FLT_V_WRONG },
    { "ip6_public", "2a02:8108:8ac0:1f2e:9c1d:44ff:fe12:3456", FLT_V_OK },
    { "ip6_public", "2003:c7:af12:9e00::41", FLT_V_OK },
    { "ip6_public", "2001:db8::1", FLT_V_EXAMPLE },
    { "ip6_public", "2001:0:53aa::1", FLT_V_EXAMPLE },
    { "ip6_public", "fe80::1", FLT_V_WRONG },
    { "ip6_public", "2001:20:30", FLT_V_WRONG },
    { "ip6", "b552:6b53:a161:660a:ad7d:71af:21a6:114", FLT_V_OK },
    { "ip6", "::1", FLT_V_WRONG },
    { "ip6", "12:30", FLT_V_WRONG },
    { "ip_internal", "10.20.31.44", FLT_V_OK },
    { "ip_internal", "172.15.0.1", FLT_V_WRONG },
    { "ip_internal", "100.64.9.1", FLT_V_OK },
    { "ip_internal", "192.168.1", FLT_V_WRONG },
    { "de_lanr", "456789905", FLT_V_OK },
    { "de_lanr", "456789105", FLT_V_WRONG },
    { "de_lanr", "4567899", FLT_V_WRONG },
};

T_TEST(address_vectors)
{
    check_vectors(vectors, ST_LEN(vectors));
}

T_TEST(address_prefixes_are_safe)
{
    check_prefixes(vectors, ST_LEN(vectors));
}
