// The way to an ACME server: HTTPS by libcurl.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"

namespace transom::node {

inline constexpr std::int64_t kAcmeHttpTimeoutMs = 30'000;

struct AcmeRequest {
  enum class Method { head, get, post } method = Method::get;
  std::string url;
  std::string body{};  // of a post: a signed request
};
struct AcmeAnswer {
  long status = 0;
  std::string body;
  std::string nonce;                // `Replay-Nonce`
  std::string location;             // what was made, or where the resource is
  std::int64_t retry_after_s = -1;  // from now on; -1: not said
};
/// One request and its answer; an error where there is none. Blocks.
using AcmeExchange = std::function<Result<AcmeAnswer>(const AcmeRequest&)>;

/// Loads libcurl if that has not been done yet; what is wrong where it cannot be loaded. The sooner the better: a
/// library that is loaded months later may have been replaced by one that does not go with the rest of the process.
Status load_acme_https();

/// An exchange that keeps its connection to the server for the next request, and is for one thread at a time.
/// `ca_file`: who vouches for the server; empty: the system's authorities. No redirections; at most
/// acme::kMaxAnswer octets; proxies as the environment names them to curl. Ends soon after `cancelled` is set.
AcmeExchange make_acme_exchange(const std::string& ca_file, std::shared_ptr<const std::atomic<bool>> cancelled);

}  // namespace transom::node
