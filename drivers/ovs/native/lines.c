/* From lines to messages: cuts the text, lets each line's kind be parsed, and wraps the messages. */
#include "internal.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/ofp-util.h"
#include "util.h"

static const struct kind {
    const char *word;
    char *(*parse)(const char *text, struct ofpbuf **message);
    bool bundled;
    size_t max_bytes;
    /* What cuts the line into parts that are parsed each for itself. */
    const char *separator;
} KINDS[] = {
    { "flow ", parse_flow_line, true, LINE_MAX_BYTES, NULL },
    { "group ", parse_group_line, true, GROUP_LINE_MAX_BYTES, "bucket=" },
    { "packet-out ", parse_packet_line, true, LINE_MAX_BYTES, NULL },
    { "meter ", parse_meter_line, false, LINE_MAX_BYTES, NULL },
};

static const struct kind *
kind_of(const char *line, size_t length)
{
    for (size_t i = 0; i < ARRAY_SIZE(KINDS); i++) {
        size_t word = strlen(KINDS[i].word);
        if (length >= word && !memcmp(line, KINDS[i].word, word)) {
            return &KINDS[i];
        }
    }
    return NULL;
}

/* Returns NULL, or why a part of the line could make libopenvswitch abort(). */
static char *
refuse_long_part(const struct kind *kind, const char *text)
{
    for (const char *part = text; part;) {
        const char *end = kind->separator && *part ? strstr(part + 1, kind->separator) : NULL;
        size_t length = end ? (size_t) (end - part) : strlen(part);
        if (length > LINE_MAX_BYTES) {
            return xasprintf("a bucket has more than %d bytes", LINE_MAX_BYTES);
        }
        if (length > NESTED_LINE_MAX_BYTES && memchr(part, '(', length)) {
            return xasprintf("with actions in parentheses it may not have more than %d bytes", NESTED_LINE_MAX_BYTES);
        }
        part = end;
    }
    return NULL;
}

/* Returns NULL and a message, or a malloc()ed text that says what is wrong with the line. */
static char *
parse_line(const char *line, size_t length, bool bundled, struct ofpbuf **message)
{
    if (length > 0 && (memchr(line, '\0', length) || memchr(line, '#', length))) {
        return xstrdup("it holds a NUL or a comment");
    }
    const struct kind *kind = kind_of(line, length);
    if (!kind) {
        return xstrdup("it does not begin with \"flow \", \"group \", \"packet-out \" or \"meter \"");
    }
    if (length > kind->max_bytes) {
        return xasprintf("it has more than %"PRIuSIZE" bytes", kind->max_bytes);
    }
    if (bundled && !kind->bundled) {
        return xstrdup("Open vSwitch has no bundles of it");
    }
    size_t word = strlen(kind->word);
    char *text = xmemdup0(line + word, length - word);
    char *error = refuse_long_part(kind, text);
    if (!error) {
        error = kind->parse(text, message);
    }
    free(text);
    return error;
}

static void
append(struct ofpbuf *output, struct ofpbuf *message, uint32_t xid, uint32_t bundle)
{
    finish(message, xid);
    if (bundle) {
        /* The transaction ids of the message and of its wrapping must be equal (OpenFlow 1.5.1 §7.3.9.6). */
        struct ofputil_bundle_add_msg add = { .bundle_id = bundle, .flags = BUNDLE_FLAGS, .msg = message->data };
        struct ofpbuf *wrapped = ofputil_encode_bundle_add(VERSION_SPOKEN, &add);
        finish(wrapped, xid);
        ofpbuf_put(output, wrapped->data, wrapped->size);
        ofpbuf_delete(wrapped);
    } else {
        ofpbuf_put(output, message->data, message->size);
    }
    ofpbuf_delete(message);
}

API int64_t
contiv_ovs_encode_lines(const char *text, uint64_t length, uint32_t first_xid, uint32_t bundle,
                        uint8_t *out, uint64_t capacity, uint32_t where[2],
                        char *error, uint64_t error_capacity)
{
    struct ofpbuf output;
    uint32_t line = 0;
    int64_t result = 0;

    initialize();
    ofpbuf_init(&output, 0);
    for (uint64_t at = 0; at < length; line++) {
        const char *end = memchr(text + at, '\n', length - at);
        uint64_t line_length = end ? (uint64_t) (end - (text + at)) : length - at;
        struct ofpbuf *message = NULL;
        char *reason = parse_line(text + at, line_length, bundle != 0, &message);
        if (reason) {
            if (error_capacity) {
                snprintf(error, error_capacity, "%s", reason);
            }
            free(reason);
            result = CONTIV_OVS_REFUSED;
            break;
        }
        append(&output, message, first_xid + line, bundle);
        at += line_length + 1;
    }
    where[0] = result ? 0 : line;
    where[1] = line;
    if (!result) {
        result = give(output.data, output.size, out, capacity);
    }
    ofpbuf_uninit(&output);
    return result;
}
