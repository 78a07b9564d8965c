/* SPDX-License-Identifier: Apache-2.0 */
/* nations - "Polish tax number", "Thai ID", "polnische Steuernummer": a label that every country's numbers may have.
 *
 * A detector's own words are what its country calls the number. Others say the country and what kind of number it is,
 * so that is a word of all detectors of that country: wherever a name of the country and a word for a kind of number
 * stand within a few words of one another, near.c sees one more word there, the nation's (packs->nations). It credits
 * the detectors of that country for such a number (a passport is no tax number), and where it is the nearest label it
 * takes credit away from those of other countries, whose own word may be no more than "tax number". Which countries a
 * detector belongs to is in its id (pii.dk.cpr, pii.passport.dk) or in `nations` of its context. A new country is one
 * line in the table.
 */
#include "filters/rules.h"
#include <assert.h>
#include <string.h>

#define NAMES_MAX 8u

/* In lower case; what it is called in English and German. The beginning of a longer word is enough: "dänisch" is in
 * "dänischen". */
static const struct nation {
    char code[3];
    const char *names[NAMES_MAX];
} table[] = {
    { "ad", { "andorra" } },
    { "ae", { "emirati", "emirates", "uae" } },
    { "al", { "albania", "albanisch", "albanien" } },
    { "ar", { "argentin" } },
    { "at", { "austria", "österreich", "oesterreich" } },
    { "au", { "australia", "australisch", "australien" } },
    { "az", { "azerbaijan", "aserbaidschan" } },
    { "ba", { "bosnia", "bosnisch", "bosnien" } },
    { "bd", { "bangladesh", "bangladesch" } },
    { "be", { "belgian", "belgium", "belgisch", "belgien" } },
    { "bg", { "bulgaria", "bulgarisch", "bulgarien" } },
    { "bh", { "bahrain" } },
    { "br", { "brazil", "brasil" } },
    { "by", { "belarus", "weißruss", "weissruss" } },
    { "ca", { "canadian", "canada", "kanadisch", "kanada" } },
    { "ch", { "swiss", "switzerland", "schweiz" } },
    { "cl", { "chile" } },
    { "cn", { "chinese", "china", "chinesisch" } },
    { "co", { "colombia", "kolumbi" } },
    { "cr", { "costa rica" } },
    { "cu", { "cuban", "cuba", "kubanisch", "kuba" } },
    { "cy", { "cypriot", "cyprus", "zypr", "zypern" } },
    { "cz", { "czech", "tschech" } },
    { "de", { "german", "germany", "deutsch" } },
    { "dk", { "danish", "denmark", "dänisch", "dänemark" } },
    { "do", { "dominican", "dominikan" } },
    { "dz", { "algeria", "algerisch", "algerien" } },
    { "ec", { "ecuador" } },
    { "ee", { "estonia", "estnisch", "estland" } },
    { "eg", { "egypt", "ägypt" } },
    { "es", { "spanish", "spain", "spanisch", "spanien" } },
    { "fi", { "finnish", "finland", "finnisch", "finnland" } },
    { "fo", { "faroe", "färöisch", "färöer" } },
    { "fr", { "french", "france", "französisch", "frankreich" } },
    { "gb", { "british", "united kingdom", "england", "scottish", "britisch", "großbritannien" } },
    { "gh", { "ghana" } },
    { "gn", { "guinea" } },
    { "gr", { "greek", "greece", "griechisch", "griechenland" } },
    { "gt", { "guatemala" } },
    { "hk", { "hong kong", "hongkong" } },
    { "hr", { "croatia", "kroatisch", "kroatien" } },
    { "hu", { "hungarian", "hungary", "ungarisch", "ungarn" } },
    { "id", { "indonesia", "indonesisch", "indonesien" } },
    { "ie", { "irish", "ireland", "irisch", "irland" } },
    { "il", { "israel" } },
    { "in", { "indian", "india", "indisch", "indien" } },
    { "ir", { "iranian", "iran", "iranisch" } },
    { "is", { "iceland", "isländisch" } },
    { "it", { "italian", "italy", "italienisch", "italien" } },
    { "jp", { "japan" } },
    { "ke", { "kenya", "kenia" } },
    { "kr", { "korea" } },
    { "kw", { "kuwait" } },
    { "kz", { "kazakh", "kasach" } },
    { "li", { "liechtenstein" } },
    { "lk", { "sri lanka" } },
    { "lt", { "lithuania", "litauisch", "litauen" } },
    { "lu", { "luxembourg", "luxemburg" } },
    { "lv", { "latvia", "lettisch", "lettland" } },
    { "ma", { "morocc", "marokk" } },
    { "mc", { "monaco", "monegas" } },
    { "md", { "moldova", "moldavia", "moldau" } },
    { "me", { "montenegr" } },
    { "mk", { "macedonia", "mazedon" } },
    { "mt", { "maltese", "malta", "maltesisch" } },
    { "mu", { "mauriti" } },
    { "mx", { "mexic", "mexik" } },
    { "my", { "malaysia" } },
    { "mz", { "mozambi", "moçambi", "mosambik" } },
    { "ng", { "nigeria" } },
    { "nl", { "dutch", "netherlands", "niederl" } },
    { "no", { "norwegian", "norway", "norwegisch", "norwegen" } },
    { "np", { "nepal" } },
    { "nz", { "new zealand", "neuseel" } },
    { "pe", { "peruvian", "peru" } },
    { "ph", { "philippin", "filipino" } },
    { "pk", { "pakistan" } },
    { "pl", { "polish", "poland", "polnisch" } },
    { "pt", { "portug" } },
    { "py", { "paraguay" } },
    { "qa", { "qatar", "katar" } },
    { "ro", { "romania", "rumän" } },
    { "rs", { "serbia", "serbisch", "serbien" } },
    { "ru", { "russia", "russisch", "russland" } },
    { "sa", { "saudi" } },
    { "se", { "swedish", "sweden", "schwedisch", "schweden" } },
    { "sg", { "singapor", "singapur" } },
    { "si", { "sloveni", "slowenisch", "slowenien" } },
    { "sk", { "slovak", "slowakisch", "slowakei" } },
    { "sm", { "san marino", "sammarinese" } },
    { "sn", { "senegal", "sénégal" } },
    { "sv", { "salvador" } },
    { "th", { "thailand", "thai", "thailändisch" } },
    { "tn", { "tunisia", "tunesisch", "tunesien" } },
    { "tr", { "turkish", "turkey", "türkisch", "türkei" } },
    { "tw", { "taiwan" } },
    { "ua", { "ukrain" } },
    { "us", { "u.s." } },
    { "uy", { "uruguay" } },
    { "ve", { "venezuela", "venezolan" } },
    { "vn", { "vietnam" } },
    { "za", { "south africa", "südafrika" } },
};
#define NATIONS ST_LEN(table)
static_assert(NATIONS <= FLT_NATIONS_MAX, "a detector has a bit for each");

/* What a number is, in English and German, and as far as other languages share the word. */
static const struct kind {
    const char *text;
    enum flt_label label;
} kinds[] = {
    { "number", FLT_LABEL_ANY },
    { "nr", FLT_LABEL_ANY },
    { "nummer", FLT_LABEL_ANY },
    { "numero", FLT_LABEL_ANY },
    { "número", FLT_LABEL_ANY },
    { "numéro", FLT_LABEL_ANY },
    { "id", FLT_LABEL_ANY },
    { "identi", FLT_LABEL_ANY },
    { "card", FLT_LABEL_ANY },
    { "code", FLT_LABEL_ANY },
    { "tax", FLT_LABEL_ANY },
    { "vat", FLT_LABEL_ANY },
    { "tin", FLT_LABEL_ANY },
    { "insuranc", FLT_LABEL_ANY },
    { "registr", FLT_LABEL_ANY },
    { "citizen", FLT_LABEL_ANY },
    { "residence", FLT_LABEL_ANY },
    { "company", FLT_LABEL_ANY },
    { "business", FLT_LABEL_ANY },
    { "voter", FLT_LABEL_ANY },
    { "personal", FLT_LABEL_ANY },
    { "ausweis", FLT_LABEL_ANY },
    { "steuer", FLT_LABEL_ANY },
    { "versicherung", FLT_LABEL_ANY },
    { "fiscal", FLT_LABEL_ANY },
    { "documento", FLT_LABEL_ANY },
    { "passport", FLT_LABEL_PASSPORT },
    { "reisepass", FLT_LABEL_PASSPORT },
    { "licence", FLT_LABEL_LICENCE },
    { "license", FLT_LABEL_LICENCE },
    { "führerschein", FLT_LABEL_LICENCE },
    { "account", FLT_LABEL_ACCOUNT },
    { "konto", FLT_LABEL_ACCOUNT },
};

size_t flt_nation_find(const char *code, size_t n)
{
    for (size_t i = 0; n == 2 && i < NATIONS; i++)
        if (memcmp(table[i].code, code, 2) == 0)
            return i;
    return FLT_NATIONS_MAX;
}

/* pii.dk.cpr and pii.passport.dk */
static size_t nation_of_id(const char *id)
{
    struct st_span rest = st_span_str(id), part;
    size_t at = FLT_NATIONS_MAX;

    for (int i = 0; i < 3 && at == FLT_NATIONS_MAX && st_span_next(&rest, '.', &part); i++)
        at = i == 0 ? at : flt_nation_find((const char *)part.p, part.n);
    return at;
}

static bool has_tag(const struct flt_rule *rule, const char *tag)
{
    for (size_t i = 0; rule->tags[i] != NULL; i++)
        if (strcmp(rule->tags[i], tag) == 0)
            return true;
    return false;
}

void flt_nation_default(struct flt_detector *d)
{
    size_t at = nation_of_id(d->rule.id);

    if (at < FLT_NATIONS_MAX)
        d->nations[at / 64] |= 1ull << (at % 64);
}

enum flt_label flt_label_wanted(const struct flt_rule *rule)
{
    if (strstr(rule->id, "passport") != NULL)
        return FLT_LABEL_PASSPORT;
    if (strstr(rule->id, "licen") != NULL)
        return FLT_LABEL_LICENCE;
    return has_tag(rule, "finance") ? FLT_LABEL_ACCOUNT : FLT_LABEL_ANY;
}

const char *flt_nation_name(size_t nation, size_t i)
{
    return nation < NATIONS && i < NAMES_MAX ? table[nation].names[i] : NULL;
}

const char *flt_nation_kind(size_t i, enum flt_label *label)
{
    if (i >= ST_LEN(kinds))
        return NULL;
    *label = kinds[i].label;
    return kinds[i].text;
}
