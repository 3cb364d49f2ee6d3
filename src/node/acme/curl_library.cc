#include "node/acme/curl_library.h"

#include <dlfcn.h>

#include <mutex>
#include <optional>

namespace transom::node {
namespace {

constexpr const char* kFile = "libcurl.so.4";
constexpr unsigned kOldest = CURL_VERSION_BITS(7, 87, 0);  // the newest of the options we set: CURLOPT_QUICK_EXIT
constexpr const char* kRemedy = "certificates by ACME need libcurl 7.87 or newer (Debian: apt install libcurl4)";

/// Looks up one function after the other and remembers the first that is not there.
struct Lookup {
  void* library;
  const char* missing = nullptr;

  template <typename Function>
  void operator()(Function*& function, const char* name) {
    function = reinterpret_cast<Function*>(dlsym(library, name));
    if (function == nullptr && missing == nullptr) missing = name;
  }
};

}  // namespace

Result<CurlLibrary> load_curl_library(const char* file) {
  void* const handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);  // never closed: what it began cannot all be undone
  if (handle == nullptr) return fail("{}; {}", dlerror(), kRemedy);
  CurlLibrary curl;
  Lookup look_up{handle};
  look_up(curl.version_info, "curl_version_info");
  look_up(curl.global_init, "curl_global_init");
  look_up(curl.easy_init, "curl_easy_init");
  look_up(curl.easy_cleanup, "curl_easy_cleanup");
  look_up(curl.easy_reset, "curl_easy_reset");
  look_up(curl.easy_setopt, "curl_easy_setopt");
  look_up(curl.easy_perform, "curl_easy_perform");
  look_up(curl.easy_getinfo, "curl_easy_getinfo");
  look_up(curl.easy_strerror, "curl_easy_strerror");
  look_up(curl.slist_append, "curl_slist_append");
  look_up(curl.slist_free_all, "curl_slist_free_all");
  if (look_up.missing != nullptr) return fail("{} has no function {}; {}", file, look_up.missing, kRemedy);
  const auto* version = curl.version_info(CURLVERSION_NOW);
  if (version->version_num < kOldest) return fail("{} is of version {}; {}", file, version->version, kRemedy);
  return curl;
}

Result<const CurlLibrary*> curl_library() {
  static std::mutex mutex;
  static std::optional<CurlLibrary> started;
  const std::lock_guard lock(mutex);
  if (started) return &*started;
  const auto loaded = load_curl_library(kFile);
  if (!loaded) return tl::make_unexpected(loaded.error());
  if (loaded->global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return fail("{} does not start", kFile);
  return &started.emplace(*loaded);
}

}  // namespace transom::node
