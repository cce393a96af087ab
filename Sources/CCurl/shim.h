#ifndef KPUSH_CCURL_SHIM_H
#define KPUSH_CCURL_SHIM_H

/* The calls below are typed: one for each kind of argument that libcurl's variadic functions take. */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
/* What the loop waits with; Swift's own module of the C library leaves them out. */
#include <sys/epoll.h>
#include <sys/eventfd.h>

static inline CURLcode kpush_curl_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode kpush_curl_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}

/* libcurl copies the string, except for CURLOPT_POSTFIELDS, which has to outlive the transfer. */
static inline CURLcode kpush_curl_set_string(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode kpush_curl_set_pointer(CURL *easy, CURLoption option, const void *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode kpush_curl_set_list(CURL *easy, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(easy, option, value);
}

typedef size_t (*kpush_curl_receiver)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode kpush_curl_set_receiver(CURL *easy, CURLoption option, kpush_curl_receiver value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode kpush_curl_set_seeker(CURL *easy, curl_seek_callback value) {
    return curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, value);
}

static inline CURLcode kpush_curl_set_prereq(CURL *easy, curl_prereq_callback value) {
    return curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, value);
}

static inline CURLcode kpush_curl_set_opener(CURL *easy, curl_opensocket_callback value) {
    return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, value);
}

static inline CURLcode kpush_curl_set_debugger(CURL *easy, curl_debug_callback value) {
    return curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, value);
}

static inline CURLcode kpush_curl_set_progress(CURL *easy, curl_xferinfo_callback value) {
    return curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, value);
}

static inline CURLcode kpush_curl_get_long(CURL *easy, CURLINFO info, long *value) {
    return curl_easy_getinfo(easy, info, value);
}

static inline CURLcode kpush_curl_get_offset(CURL *easy, CURLINFO info, curl_off_t *value) {
    return curl_easy_getinfo(easy, info, value);
}

static inline CURLcode kpush_curl_get_pointer(CURL *easy, CURLINFO info, void **value) {
    return curl_easy_getinfo(easy, info, value);
}

static inline CURLMcode kpush_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

static inline CURLMcode kpush_curl_multi_set_pointer(CURLM *multi, CURLMoption option, void *value) {
    return curl_multi_setopt(multi, option, value);
}

static inline CURLMcode kpush_curl_multi_set_watcher(CURLM *multi, curl_socket_callback value) {
    return curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, value);
}

static inline CURLMcode kpush_curl_multi_set_timer(CURLM *multi, curl_multi_timer_callback value) {
    return curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, value);
}

/* A macro with a cast does not import. */
enum { KPUSH_CURLAUTH_BASIC = CURLAUTH_BASIC };

/* The result of a CURLMSG_DONE message; the union it lies in does not import. */
static inline CURLcode kpush_curl_message_result(const CURLMsg *message) {
    return message->data.result;
}

#endif
