// What a server may answer to a probe: TLS flights whole and in pieces, SSL 2, certificates, staples, HTTP heads.
//
// input = piece:1 flight
#include <cstdlib>

#include "grade/certificate_facts.h"
#include "grade/hsts.h"
#include "grade/rating.h"
#include "grade/server_flight.h"

namespace {

using namespace transom;
using grade::ServerFlight;

void require(bool condition) {
  if (!condition) std::abort();
}

ServerFlight fed(ByteSpan octets, std::size_t piece) {
  ServerFlight flight;
  while (!octets.empty()) {
    const ByteSpan part = octets.first(std::min(piece, octets.size()));
    const grade::Octets copy(part.begin(), part.end());  // of its own, so that reading beyond it is seen
    flight.feed(copy);
    octets = octets.subspan(part.size());
  }
  return flight;
}

/// However the network cuts it, the same is understood.
void check_flight(ByteSpan octets, std::size_t piece) {
  const ServerFlight whole = fed(octets, octets.size());
  const ServerFlight pieces = fed(octets, piece);
  require(whole.state() == pieces.state() && whole.certificates() == pieces.certificates());
  require(whole.hello().has_value() == pieces.hello().has_value() && whole.alert() == pieces.alert());
  require(whole.dh_bits() == pieces.dh_bits() && whole.curve() == pieces.curve());
  require(whole.state() != ServerFlight::State::complete || whole.hello());
  require(whole.certificates().size() <= ServerFlight::kMaxCertificates);
}

void check_chain(const std::vector<grade::Octets>& chain) {
  static const grade::StoreHandle trust(X509_STORE_new());
  if (chain.empty()) return;
  grade::Evidence evidence;
  if (auto facts = grade::judge_chain(chain, {}, trust.get(), "example.com", 1'700'000'000)) {
    evidence.chains.push_back(std::move(*facts));
  }
  const grade::Rating rating = grade::rate(evidence);
  require(rating.grade <= grade::Grade::m || evidence.chains.empty() || rating.grade == grade::Grade::f);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteSpan octets(data + 1, size - 1);
  check_flight(octets, std::size_t{data[0]} + 1);
  check_chain(fed(octets, octets.size()).certificates());
  check_chain({grade::Octets(octets.begin(), octets.end())});
  if (const auto ssl2 = grade::parse_ssl2_answer(octets)) require(ssl2->suites.size() * 3 <= octets.size());
  require(!grade::read_staple(octets).status.empty());
  grade::read_hsts(as_text(octets));
  return 0;
}
