// libcurl, loaded by the name of its file where certificates come by ACME. With all that it depends on it is 28
// libraries of Debian 12, which no other node and no command has to carry.
#pragma once
#include <curl/curl.h>

#include "base/result.h"

namespace transom::node {

/// The functions of it that we use, by their own names without `curl_`.
struct CurlLibrary {
  decltype(&curl_version_info) version_info = nullptr;
  decltype(&curl_global_init) global_init = nullptr;
  decltype(&curl_easy_init) easy_init = nullptr;
  decltype(&curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&curl_easy_reset) easy_reset = nullptr;
  decltype(&curl_easy_setopt) easy_setopt = nullptr;
  decltype(&curl_easy_perform) easy_perform = nullptr;
  decltype(&curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&curl_easy_strerror) easy_strerror = nullptr;
  decltype(&curl_slist_append) slist_append = nullptr;
  decltype(&curl_slist_free_all) slist_free_all = nullptr;
};

/// The library, loaded and started by the first call that succeeds, and there until the process ends. Any thread may
/// call, and again after a failure: somebody may have installed the package meanwhile.
Result<const CurlLibrary*> curl_library();

/// Loads `file`, which the dynamic linker finds as it finds a library of a program; does not start it.
Result<CurlLibrary> load_curl_library(const char* file);

}  // namespace transom::node
