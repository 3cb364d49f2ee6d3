// Feeds octets to the OCSP responder of one's own authority: as the body of a POST, and as the target of a GET.
#include <cstdlib>

#include "pki/authority.h"
#include "pki/authority_ocsp.h"

namespace {

constexpr std::int64_t kNow = 1'800'000'000;

const transom::pki::SigningPair& issuer() {
  static const transom::pki::NewAuthority authority = [] {
    auto made = transom::pki::make_authority({"Fuzz", ""}, kNow);
    if (!made) std::abort();
    return std::move(*made);
  }();
  return authority.intermediate;
}

transom::Result<transom::pki::CertificateState> look_up(const std::string& serial) {
  using State = transom::pki::CertificateState;
  return serial.size() % 2 == 0 ? State{State::Is::good, 0, ""} : State{State::Is::revoked, kNow - 60, "keyCompromise"};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string octets(reinterpret_cast<const char*>(data), size);
  const auto answer = transom::pki::answer_ocsp(octets, issuer(), look_up, kNow, 3600);
  if (answer.der.empty()) std::abort();  // there is an answer to everything
  static_cast<void>(transom::pki::ocsp_request_in("/" + octets));
  return 0;
}
