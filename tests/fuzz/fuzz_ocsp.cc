// Judges OCSP responses that are made up, or good ones with edits.
//
// input = mode:1 rest. mode 0: `rest` is the response; mode 1: `rest` is a file that should hold one; mode 2 to 5: a
// recorded response (good, revoked, by a delegate, without nextUpdate) with edits = (place:2 value:1)*.
#include <openssl/err.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "tls/ocsp_test_support.h"

namespace {

using namespace transom;
using namespace transom::tls;

struct World {
  test::Identity ca = test::issue("Authority", test::ec_key(), test::authority_extensions(), nullptr);
  test::Identity leaf = test::issue("leaf", test::ec_key(), test::leaf_extensions("http://ocsp.test/"), &ca);
  test::Identity delegate = test::issue("responder", test::ec_key(), {{NID_ext_key_usage, "OCSPSigning"}}, &ca);
  std::vector<std::string> recorded;

  World() {
    test::OcspAnswer revoked, delegated, endless;
    revoked.status = V_OCSP_CERTSTATUS_REVOKED;
    revoked.reason = OCSP_REVOKED_STATUS_KEYCOMPROMISE;
    delegated.signer = &delegate;
    endless.next_update = 0;
    for (const test::OcspAnswer& answer : {test::OcspAnswer{}, revoked, delegated, endless}) {
      recorded.push_back(test::answer_ocsp(leaf.certificate.get(), ca, answer));
    }
  }
};

std::string edited(std::string response, std::string_view edits) {
  for (; edits.size() >= 3; edits.remove_prefix(3)) {
    const auto place = static_cast<std::uint8_t>(edits[0]) * 256u + static_cast<std::uint8_t>(edits[1]);
    char& target = response[place % response.size()];
    target = static_cast<char>(target ^ edits[2]);
  }
  return response;
}

void judge(const World& world, const std::string& response) {
  const auto verdict = judge_ocsp(response, world.leaf.certificate.get(), world.ca.certificate.get(), test::ocsp_now);
  if (ERR_peek_error() != 0) std::abort();
  if (!verdict && verdict.error().message.empty()) std::abort();
  if (verdict && (verdict->good_until <= test::ocsp_now || verdict->this_update > test::ocsp_now + kOcspSkewS)) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const World world;
  if (size == 0) return 0;
  const std::size_t mode = data[0] % 6;
  const std::string rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (mode >= 2) {
    judge(world, edited(world.recorded[mode - 2], rest));
  } else if (mode == 0) {
    judge(world, rest);
  } else if (const auto response = ocsp_response_in(rest)) {
    judge(world, *response);
  }
  return 0;
}
