/* Lines of packets to send. */
#include "internal.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/ofp-packet.h"
#include "openvswitch/ofp-util.h"
#include "util.h"

static const char HEXADECIMAL[] = "0123456789abcdefABCDEF";

/* `in_port=…,packet=…,actions=…` and no more: the parser takes pairs in any order, as often as they come, and leaks what it forgets. */
static bool
is_plain(const char *text)
{
    static const char PORT[] = "in_port=";
    static const char PACKET[] = ",packet=";
    static const char ACTIONS[] = ",actions=";

    if (strncmp(text, PORT, strlen(PORT))) {
        return false;
    }
    text += strcspn(text, ",");
    if (strncmp(text, PACKET, strlen(PACKET))) {
        return false;
    }
    text += strlen(PACKET);
    size_t digits = strspn(text, HEXADECIMAL);
    return digits > 0 && !strncmp(text + digits, ACTIONS, strlen(ACTIONS));
}

char *
parse_packet_line(const char *text, struct ofpbuf **message)
{
    struct ofputil_packet_out packet_out;
    enum ofputil_protocol usable;

    if (!is_plain(text)) {
        return xstrdup("it is not in_port=…,packet=<hexadecimal digits>,actions=…");
    }
    char *error = parse_ofp_packet_out_str(&packet_out, text, NULL, NULL, &usable);
    if (error) {
        return error;
    }
    if (!(usable & PROTOCOL)) {
        error = xstrdup("it cannot be said in OpenFlow 1.5");
    } else if (packet_out.ofpacts_len > ACTIONS_MAX_BYTES) {
        error = xstrdup("it has more actions than fit in one message");
    } else {
        struct ofpbuf *encoded = ofputil_encode_packet_out(&packet_out, PROTOCOL);
        if (encoded->size > MESSAGE_MAX_BYTES) {
            ofpbuf_delete(encoded);
            error = xstrdup("it does not fit in one message");
        } else {
            *message = encoded;
        }
    }
    free(CONST_CAST(void *, packet_out.packet));
    free(packet_out.ofpacts);
    return error;
}
