/* SPDX-License-Identifier: Apache-2.0 */
/* validate_travel - machine-readable zones, magnetic stripes, keys and addresses of cryptocurrencies. */
#include "validate_t.h"

#define TD3 "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<1"
#define TD1 "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<"
#define TD2 "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6"

/* ICAO 9303's specimens, ISO 7813's form with a published test card, BIP-32's, BIP-173's and BIP-350's vectors */
static const struct vector vectors[] = {
    { "mrz", TD3 "0", FLT_V_OK },
    { "mrz", TD3 "1", FLT_V_SHAPE },
    { "mrz", "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C46UTO7408122F1204159ZE184226B<<<<<10",
      FLT_V_WRONG },
    { "mrz", TD1, FLT_V_OK },
    { "mrz", TD2, FLT_V_OK },
    { "mrz", "P<UTOERIKSSON<<ANNA<MARIA", FLT_V_WRONG },
    { "track", "%B4111111111111111^DOE/JOHN^28121010000000000?", FLT_V_OK },
    { "track", "%B4111111111111111^DOE/JOHN^28131010000000000?", FLT_V_WRONG },
    { "track", "%B4111111111111112^DOE/JOHN^28121010000000000?", FLT_V_WRONG },
    { "track", ";4111111111111111=28121010000000000?", FLT_V_OK },
    { "track", ";4111111111111111=2", FLT_V_WRONG },
    { "btc_wif", "${fake:btc.wif}", FLT_V_OK },
    { "btc_wif", "K${fake:b62:51}", FLT_V_WRONG },
    { "bip32_xprv", "${fake:bip32.xprv}", FLT_V_OK },
    { "bip32_xprv", "xprv${fake:b62:107}", FLT_V_WRONG },
    { "bech32", "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", FLT_V_OK },
    { "bech32", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", FLT_V_WRONG },
    { "bech32", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0", FLT_V_OK },
    { "bech32", "1nwldj5", FLT_V_WRONG },
    { "eth_address", "0x${fake:hex:40}", FLT_V_SHAPE },
    { "eth_address", "0x0000000000000000000000000000000000000000", FLT_V_EXAMPLE },
};

T_TEST(travel_vectors)
{
    check_vectors(vectors, ST_LEN(vectors));
}

T_TEST(travel_prefixes_are_safe)
{
    check_prefixes(vectors, ST_LEN(vectors));
}
