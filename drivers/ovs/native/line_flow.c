/* Lines of flows. */
#include "internal.h"

#include <stdlib.h>

#include "openvswitch/match.h"
#include "openvswitch/ofp-actions.h"
#include "openvswitch/ofp-flow.h"
#include "openvswitch/ofp-util.h"
#include "util.h"

/* Returns NULL when the encoded flow matches just what was parsed, otherwise a malloc()ed text that tells the difference. */
static char *
explain_difference(const struct ofputil_flow_mod *parsed, const struct ofpbuf *encoded)
{
    struct ofputil_flow_mod decoded;
    struct ofpbuf actions;
    char *difference = NULL;

    ofpbuf_init(&actions, 256);
    enum ofperr error = ofputil_decode_flow_mod(&decoded, encoded->data, PROTOCOL, NULL, NULL, &actions, OFPP_MAX, 255);
    if (error) {
        difference = xasprintf("Open vSwitch would refuse it: %s", ofperr_get_name(error));
    } else {
        if (!minimatch_equal(&parsed->match, &decoded.match)) {
            char *wanted = minimatch_to_string(&parsed->match, NULL, OFP_DEFAULT_PRIORITY);
            char *left = minimatch_to_string(&decoded.match, NULL, OFP_DEFAULT_PRIORITY);
            difference = xasprintf("of the match \"%s\" only \"%s\" would be left: a field lacks its prerequisite, "
                                   "such as tcp or udp for a port (ovs-fields(7))", wanted, left);
            free(wanted);
            free(left);
        }
        minimatch_destroy(&decoded.match);
    }
    ofpbuf_uninit(&actions);
    return difference;
}

static char *
encode(const struct ofputil_flow_mod *flow_mod, enum ofputil_protocol usable, struct ofpbuf **message)
{
    if (!(usable & PROTOCOL)) {
        return xstrdup("it cannot be said in OpenFlow 1.5");
    }
    if (flow_mod->ofpacts_len > ACTIONS_MAX_BYTES) {
        return xstrdup("it has more actions than fit in one message");
    }
    struct ofpbuf *encoded = ofputil_encode_flow_mod(flow_mod, PROTOCOL);
    char *error = encoded->size > MESSAGE_MAX_BYTES ? xstrdup("it does not fit in one message") : NULL;
    if (!error) {
        finish(encoded, 0);
        error = explain_difference(flow_mod, encoded);
    }
    if (error) {
        ofpbuf_delete(encoded);
        return error;
    }
    *message = encoded;
    return NULL;
}

char *
parse_flow_line(const char *text, struct ofpbuf **message)
{
    struct ofputil_flow_mod flow_mod;
    enum ofputil_protocol usable;
    /* -2: the text begins with "add", "delete_strict", … */
    char *error = parse_ofp_flow_mod_str(&flow_mod, text, NULL, NULL, -2, &usable);
    if (!error) {
        error = encode(&flow_mod, usable, message);
        free(CONST_CAST(struct ofpact *, flow_mod.ofpacts));
        minimatch_destroy(&flow_mod.match);
    }
    return error;
}
