#include "node/acme/https.h"

#include <algorithm>
#include <charconv>
#include <ctime>

#include "acme/answers.h"
#include "base/log.h"
#include "base/read_file.h"
#include "node/acme/curl_library.h"
#include "serve/http.h"

namespace transom::node {
namespace {

constexpr std::size_t kMostCaOctets = 4 << 20;
constexpr std::size_t kMaxField = 2048;  // octets of a header field that we look at

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return result;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

/// Seconds, or a date (RFC 9110 section 10.2.3).
std::int64_t retry_after(std::string_view text) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc() && end == text.data() + text.size()) return seconds < 0 ? -1 : seconds;
  const auto date = serve::parse_http_date(text);
  return date ? std::max<std::int64_t>(0, *date - std::time(nullptr)) : -1;
}

std::size_t take_field(const char* data, std::size_t, std::size_t size, void* user) {
  AcmeAnswer& answer = *static_cast<AcmeAnswer*>(user);
  const std::string_view line(data, size);
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || size > kMaxField) return size;
  const std::string name = lower(line.substr(0, colon));
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (name == "replay-nonce") answer.nonce = value;
  if (name == "location") answer.location = value;
  if (name == "retry-after") answer.retry_after_s = retry_after(value);
  return size;
}

std::size_t take_body(const char* data, std::size_t, std::size_t size, void* user) {
  std::string& body = static_cast<AcmeAnswer*>(user)->body;
  if (body.size() + size > acme::kMaxAnswer) return 0;  // ends the transfer
  body.append(data, size);
  return size;
}

int stop_if_cancelled(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return *static_cast<const std::atomic<bool>*>(user) ? 1 : 0;
}

class Exchange {
 public:
  Exchange(const CurlLibrary& library, std::string ca_file, std::shared_ptr<const std::atomic<bool>> cancelled)
      : library_(library),
        ca_file_(std::move(ca_file)),
        cancelled_(std::move(cancelled)),
        curl_(library.easy_init(), library.easy_cleanup),
        fields_(library.slist_append(nullptr, "Content-Type: application/jose+json"), library.slist_free_all) {
    if (fields_) library.slist_append(fields_.get(), "Expect:");  // a body is short: no need to ask first
  }

  Result<AcmeAnswer> run(const AcmeRequest& request) {
    if (!curl_ || !fields_) return fail("libcurl cannot be used: there is no memory");
    if (auto status = check_ca_file(); !status) return tl::make_unexpected(status.error());
    AcmeAnswer answer;
    error_[0] = '\0';
    library_.easy_reset(curl_.get());  // keeps the connection
    set_safety();
    set_request(request);
    set(CURLOPT_WRITEDATA, &answer);
    set(CURLOPT_HEADERDATA, &answer);
    const CURLcode code = library_.easy_perform(curl_.get());
    if (code != CURLE_OK) return fail("{}", reason(code));
    library_.easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &answer.status);
    return answer;
  }

 private:
  template <typename Value>
  void set(CURLoption option, Value value) {
    library_.easy_setopt(curl_.get(), option, value);
  }

  /// libcurl opens it itself, and would wait at a FIFO for ever.
  Status check_ca_file() const {
    if (ca_file_.empty()) return {};
    const auto content = read_file(ca_file_, kMostCaOctets);
    if (content) return {};
    return fail("cannot {} the file of `ca` ({}): {}", content.error().verb, ca_file_, content.error().reason);
  }

  void set_safety() {
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_PROTOCOLS_STR, "https,http");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(kAcmeHttpTimeoutMs));
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(kAcmeHttpTimeoutMs / 2));
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set(CURLOPT_USERAGENT, "transom/" TRANSOM_VERSION);
    set(CURLOPT_ERRORBUFFER, error_);
    set(CURLOPT_WRITEFUNCTION, take_body);
    set(CURLOPT_HEADERFUNCTION, take_field);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, stop_if_cancelled);
    set(CURLOPT_XFERINFODATA, cancelled_.get());
    set(CURLOPT_QUICK_EXIT, 1L);  // a look-up of a name that hangs is not waited for
    if (ca_file_.empty()) return;
    set(CURLOPT_CAINFO, ca_file_.c_str());
    set(CURLOPT_CAPATH, nullptr);  // these authorities instead of the system's, not besides them
  }

  void set_request(const AcmeRequest& request) {
    set(CURLOPT_URL, request.url.c_str());
    if (request.method == AcmeRequest::Method::head) set(CURLOPT_NOBODY, 1L);
    if (request.method != AcmeRequest::Method::post) return;
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDS, request.body.data());
    set(CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.size()));
    set(CURLOPT_HTTPHEADER, fields_.get());
  }

  std::string reason(CURLcode code) const {
    if (code == CURLE_ABORTED_BY_CALLBACK) return "given up, for the node ends";
    if (code == CURLE_WRITE_ERROR) return fmt::format("its answer is longer than {} octets", acme::kMaxAnswer);
    const std::string text = log_safe(error_[0] != '\0' ? error_ : library_.easy_strerror(code));
    if (code == CURLE_SSL_CACERT_BADFILE) return fmt::format("{}; check the file of `ca` ({})", text, ca_file_);
    if (code != CURLE_PEER_FAILED_VERIFICATION) return text;
    if (!ca_file_.empty()) return fmt::format("{}; its certificate must be vouched for by {}", text, ca_file_);
    return text +
           "; check the clock of this machine, and whether something between intercepts TLS. Only where the authority "
           "is one of your own, name who vouches for its server by `ca`";
  }

  const CurlLibrary& library_;
  const std::string ca_file_;
  const std::shared_ptr<const std::atomic<bool>> cancelled_;
  const std::unique_ptr<CURL, void (*)(CURL*)> curl_;
  const std::unique_ptr<curl_slist, void (*)(curl_slist*)> fields_;
  char error_[CURL_ERROR_SIZE] = "";
};

}  // namespace

Status load_acme_https() {
  return curl_library().map([](const CurlLibrary*) {});
}

AcmeExchange make_acme_exchange(const std::string& ca_file, std::shared_ptr<const std::atomic<bool>> cancelled) {
  const auto library = curl_library();
  if (!library) return [error = library.error()](const AcmeRequest&) { return tl::make_unexpected(error); };
  const auto exchange = std::make_shared<Exchange>(**library, ca_file, std::move(cancelled));
  return [exchange](const AcmeRequest& request) { return exchange->run(request); };
}

}  // namespace transom::node
