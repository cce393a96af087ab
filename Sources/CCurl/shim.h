#ifndef KPUSH_CCURL_SHIM_H
#define KPUSH_CCURL_SHIM_H
#include <curl/curl.h>
#endif
