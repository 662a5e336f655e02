/* Lines of groups. The parser returns its errors; only messages of versions before OpenFlow 1.5, which are not made here, may exit(). */
#include "internal.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/ofp-group.h"
#include "openvswitch/ofp-util.h"
#include "util.h"

/* Comparing each bucket's id with each other one's is left at some milliseconds. */
enum { BUCKETS_MAX = 4000 };

static bool
begins(const char *text, const char *word)
{
    return !strncmp(text, word, strlen(word));
}

/* libopenvswitch takes any beginning of a command for it ("d" deletes), and without a number all groups. */
static bool
has_command(const char *text)
{
    return begins(text, "add group_id=") || begins(text, "modify group_id=") || begins(text, "add_or_mod group_id=")
           || begins(text, "delete group_id=");
}

/* Whether the part before the buckets names no type but one of ours, and that once. The parser leaks at errors of fast failover. */
static bool
has_only_our_type(const char *text)
{
    const char *buckets = strstr(text, "bucket=");
    const char *type = strstr(text, "type");
    if (!type || (buckets && type > buckets)) {
        return true;
    }
    const char *again = strstr(type + 1, "type");
    bool ours = begins(type, "type=all") || begins(type, "type=select") || begins(type, "type=indirect");
    return ours && !(again && (!buckets || again < buckets));
}

static bool
same_buckets(const struct ofputil_group_mod *a, const struct ofputil_group_mod *b)
{
    if (ovs_list_size(&a->buckets) != ovs_list_size(&b->buckets)) {
        return false;
    }
    const struct ovs_list *other = b->buckets.next;
    const struct ofputil_bucket *bucket;
    LIST_FOR_EACH (bucket, list_node, &a->buckets) {
        const struct ofputil_bucket *decoded = CONTAINER_OF(other, struct ofputil_bucket, list_node);
        bool named = bucket->bucket_id <= OFPG15_BUCKET_MAX;
        if (bucket->weight != decoded->weight || bucket->watch_port != decoded->watch_port
            || bucket->watch_group != decoded->watch_group || (named && bucket->bucket_id != decoded->bucket_id)) {
            return false;
        }
        other = other->next;
    }
    return true;
}

/* Returns NULL when the encoded group is just what was parsed. */
static char *
explain_difference(const struct ofputil_group_mod *parsed, const struct ofpbuf *encoded)
{
    struct ofputil_group_mod decoded;
    enum ofperr error = ofputil_decode_group_mod(encoded->data, &decoded);
    if (error) {
        return xasprintf("Open vSwitch would refuse it: %s", ofperr_get_name(error));
    }
    bool same = parsed->type == decoded.type && parsed->group_id == decoded.group_id && same_buckets(parsed, &decoded);
    ofputil_uninit_group_mod(&decoded);
    return same ? NULL : xstrdup("not all of it would be left");
}

static char *
encode(const struct ofputil_group_mod *group_mod, enum ofputil_protocol usable, struct ofpbuf **message)
{
    if (!(usable & PROTOCOL)) {
        return xstrdup("it cannot be said in OpenFlow 1.5");
    }
    if (ovs_list_size(&group_mod->buckets) > BUCKETS_MAX) {
        return xasprintf("it has more than %d buckets", BUCKETS_MAX);
    }
    const struct ofputil_bucket *bucket;
    LIST_FOR_EACH (bucket, list_node, &group_mod->buckets) {
        if (bucket->ofpacts_len > ACTIONS_MAX_BYTES) {
            return xstrdup("a bucket has more actions than fit in one message");
        }
    }
    struct ofpbuf *encoded = ofputil_encode_group_mod(VERSION_SPOKEN, group_mod, NULL, -1);
    char *error = encoded->size > MESSAGE_MAX_BYTES ? xstrdup("it does not fit in one message") : NULL;
    if (!error) {
        finish(encoded, 0);
        error = explain_difference(group_mod, encoded);
    }
    if (error) {
        ofpbuf_delete(encoded);
        return error;
    }
    *message = encoded;
    return NULL;
}

char *
parse_group_line(const char *text, struct ofpbuf **message)
{
    struct ofputil_group_mod group_mod;
    enum ofputil_protocol usable;

    if (!has_command(text)) {
        return xstrdup("it does not begin with add, modify, add_or_mod or delete and group_id=…");
    }
    if (!has_only_our_type(text)) {
        return xstrdup("its type is not all, select or indirect");
    }
    /* -2: the text begins with the command. */
    char *error = parse_ofp_group_mod_str(&group_mod, -2, text, NULL, NULL, &usable);
    if (error) {
        return error;
    }
    error = group_mod.group_id > OFPG_MAX ? xstrdup("it is not one group") : encode(&group_mod, usable, message);
    ofputil_uninit_group_mod(&group_mod);
    return error;
}
