// Reads what an ACME server may answer: input = what:1 JSON.
#include <cstdlib>
#include <string>

#include "acme/answers.h"

namespace {

using namespace transom;

/// Whatever was taken holds URLs that we may send to.
void must_be_url(const std::string& url, bool loopback_http) {
  if (!url.empty() && !acme::check_url(url, loopback_http)) std::abort();
}

void must_be_one_line(const std::string& text) {
  for (char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) std::abort();
  }
}

void read_directory(const std::string& text, bool loopback_http) {
  const auto directory = acme::read_directory(text, loopback_http);
  if (!directory) return;
  if (directory->new_nonce.empty() || directory->new_account.empty() || directory->new_order.empty()) std::abort();
  must_be_url(directory->new_nonce, loopback_http);
  must_be_url(directory->renewal_info, loopback_http);
  must_be_one_line(directory->terms);
}

void read_order(const std::string& text, bool loopback_http) {
  const auto order = acme::read_order(text, loopback_http);
  if (!order) return;
  for (const auto& url : order->authorizations) must_be_url(url, loopback_http);
  must_be_url(order->finalize, loopback_http);
  if (order->finalize.empty() || order->authorizations.size() > acme::kMaxAuthorizations) std::abort();
  if (order->status == acme::OrderStatus::valid && order->certificate.empty()) std::abort();
  if (order->problem) must_be_one_line(order->problem->text);
}

void read_authorization(const std::string& text, bool loopback_http) {
  const auto authorization = acme::read_authorization(text, loopback_http);
  if (!authorization) return;
  for (const auto& challenge : authorization->challenges) {
    must_be_url(challenge.url, loopback_http);
    if (challenge.token.find_first_of("/.% \r\n") != std::string::npos) std::abort();
  }
  if (const auto problem = authorization->problem()) must_be_one_line(problem->text);
}

void read_window(const std::string& text) {
  const auto window = acme::read_renewal_window(text);
  if (window && window->end <= window->begin) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool loopback_http = (data[0] & 0x80) != 0;
  switch (data[0] % 5) {
    case 0:
      read_directory(text, loopback_http);
      break;
    case 1:
      read_order(text, loopback_http);
      break;
    case 2:
      read_authorization(text, loopback_http);
      break;
    case 3:
      read_window(text);
      break;
    default: {
      const auto problem = acme::read_problem(text, 400);
      must_be_one_line(problem.text);
      must_be_one_line(problem.type);
      if (problem.text.empty() || problem.text.size() > 2048) std::abort();
    }
  }
  return 0;
}
