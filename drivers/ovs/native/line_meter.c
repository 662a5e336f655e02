/* Lines of meters. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/ofp-meter.h"
#include "util.h"

/* Open vSwitch's datapaths take 8. */
enum { BANDS_MAX = 100 };

static const struct command {
    const char *word;
    int command;
} COMMANDS[] = {
    { "add ", OFPMC13_ADD },
    { "modify ", OFPMC13_MODIFY },
    { "delete ", OFPMC13_DELETE },
};

static char *
encode(const struct ofputil_meter_mod *meter_mod, struct ofpbuf **message)
{
    if (meter_mod->meter.meter_id > OFPM13_MAX) {
        return xstrdup("it is not one meter");
    }
    if (meter_mod->meter.n_bands > BANDS_MAX) {
        return xasprintf("it has more than %d bands", BANDS_MAX);
    }
    *message = ofputil_encode_meter_mod(VERSION_SPOKEN, meter_mod);
    return NULL;
}

char *
parse_meter_line(const char *text, struct ofpbuf **message)
{
    for (size_t i = 0; i < ARRAY_SIZE(COMMANDS); i++) {
        size_t word = strlen(COMMANDS[i].word);
        if (!strncmp(text, COMMANDS[i].word, word)) {
            struct ofputil_meter_mod meter_mod = { .command = 0 };
            enum ofputil_protocol usable;
            char *error = parse_ofp_meter_mod_str(&meter_mod, text + word, COMMANDS[i].command, &usable);
            if (!error) {
                error = encode(&meter_mod, message);
            }
            /* At some errors the parser leaves them. */
            free(meter_mod.meter.bands);
            return error;
        }
    }
    return xstrdup("it does not begin with add, modify or delete");
}
