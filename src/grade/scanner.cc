#include "grade/scanner.h"

#include <algorithm>

#include "grade/groups.h"
#include "grade/suites.h"

namespace transom::grade {
namespace {

using Numbers = std::vector<std::uint16_t>;

constexpr std::size_t kSuitesPerHello = 120;   // some old servers take no more than 128
constexpr std::uint8_t kProtocolVersion = 70;  // the alert
constexpr std::uint16_t kX25519 = 0x001D;

void take_off(Numbers& numbers, std::uint16_t number) { std::erase(numbers, number); }
bool contains(const Numbers& numbers, std::uint16_t number) {
  return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

enum class SuiteClass { modern, broken, rest };
/// Grades depend on the first two, so they are asked for first in every version.
constexpr SuiteClass kClasses[] = {SuiteClass::modern, SuiteClass::broken, SuiteClass::rest};

SuiteClass class_of(const SuiteTraits& traits) {
  if (traits.broken()) return SuiteClass::broken;
  return traits.forward_secret ? SuiteClass::modern : SuiteClass::rest;
}

std::vector<Numbers> offers_of(SuiteClass wanted, Version version) {
  std::vector<Numbers> offers;
  for (const Suite& suite : all_suites()) {
    const SuiteTraits traits = suite_traits(suite.number);
    if (class_of(traits) != wanted || !suite_fits(traits, version)) continue;
    if (offers.empty() || offers.back().size() == kSuitesPerHello) offers.emplace_back();
    offers.back().push_back(suite.number);
  }
  return offers;
}

/// Before TLS 1.3 without finite fields: a server whose DH group is not among them would have to refuse DHE (RFC 7919).
Numbers groups_for(Version version) {
  Numbers numbers;
  for (const Group& group : all_groups()) {
    const bool fits = version == Version::tls1_3 ? group.tls13 : !group.finite_field && !group.hybrid;
    if (fits) numbers.push_back(group.number);
  }
  return numbers;
}

/// Of the record behind its two octets of header; below 32 KiB.
std::size_t ssl2_length(ByteSpan record) { return static_cast<std::size_t>(record[0] & 0x7f) << 8 | record[1]; }

}  // namespace

Scanner::Scanner(Connector& connector, Random& random, std::string server_name)
    : connector_(connector), random_(random), server_name_(is_host_name(server_name) ? std::move(server_name) : "") {}

Result<ServerFacts> Scanner::run() {
  find_suites();
  if (facts_.connections == 0) return fail("{}", error_);
  find_ssl2();
  if (facts_.suites.empty() && !facts_.ssl2) {
    if (stopped_) return fail("the server answered too slowly to be scanned; --timeout allows it more");
    return fail("what listens there speaks neither TLS nor SSL");
  }
  find_groups();
  find_fallback_scsv();
  find_compression();
  find_server_order();
  return std::move(facts_);
}

void Scanner::find_suites() {
  Numbers refused;  // versions, by the alert that says so
  for (const SuiteClass wanted : kClasses) {
    for (const Version version : all_versions) {
      if (version == Version::ssl2 || contains(refused, static_cast<std::uint16_t>(version))) continue;
      for (Numbers& offer : offers_of(wanted, version)) {
        if (stopped_) return;
        if (find_some_suites(version, std::move(offer))) continue;
        refused.push_back(static_cast<std::uint16_t>(version));
        break;
      }
    }
  }
}

/// False: the server says that it does not speak this version at all.
bool Scanner::find_some_suites(Version version, Numbers candidates) {
  while (!candidates.empty() && !stopped_) {
    ServerFlight flight = ask(hello(version, candidates));
    if (!flight.hello() && version == Version::tls1_3 && !share_needed_ && !facts_.offers(version)) {
      share_needed_ = true;
      flight = ask(hello(version, candidates));
      share_needed_ = flight.hello().has_value();
    }
    if (!flight.hello()) return flight.alert() != kProtocolVersion || facts_.offers(version);
    const std::uint16_t suite = flight.hello()->suite;
    if (flight.hello()->version != static_cast<std::uint16_t>(version) || !contains(candidates, suite)) return true;
    facts_.suites[version].push_back(suite);
    take_off(candidates, suite);
  }
  return true;
}

void Scanner::find_groups() {
  if (facts_.offers(Version::tls1_3)) find_tls13_groups();
  if (const auto version = newest_old(); version && *version != Version::ssl3) find_curves(*version);
}

void Scanner::find_tls13_groups() {
  ClientHello probe = hello(Version::tls1_3, facts_.suites[Version::tls1_3]);
  while (!probe.groups.empty() && !stopped_) {
    probe.key_share = share_needed_ && contains(probe.groups, kX25519);
    const ServerFlight flight = ask(probe);
    if (!flight.hello() || !flight.hello()->group || !contains(probe.groups, *flight.hello()->group)) return;
    facts_.groups13.push_back(*flight.hello()->group);
    take_off(probe.groups, *flight.hello()->group);
  }
}

/// An ECDSA certificate can be used only while its curve is offered too; so where nothing is chosen of what is left, it
/// is offered once more ahead of what is known already.
void Scanner::find_curves(Version version) {
  Numbers suites;
  for (const std::uint16_t suite : facts_.suites[version]) {
    if (suite_traits(suite).ecdhe) suites.push_back(suite);
  }
  Numbers left = groups_for(version);
  bool with_known = false;
  while (!suites.empty() && !left.empty() && !stopped_) {
    ClientHello probe = hello(version, suites);
    probe.groups = left;
    if (with_known) probe.groups.insert(probe.groups.end(), facts_.groups12.begin(), facts_.groups12.end());
    const ServerFlight flight = ask(probe);
    const auto curve = flight.curve();
    if (curve && contains(left, *curve)) {
      facts_.groups12.push_back(*curve);
      take_off(left, *curve);
    } else if (with_known || facts_.groups12.empty()) {
      return;
    } else {
      with_known = true;
    }
  }
}

/// Two suites, asked for in both orders.
void Scanner::find_server_order() {
  for (const Version version : {Version::tls1_2, Version::tls1_1, Version::tls1_0, Version::ssl3, Version::tls1_3}) {
    if (!facts_.offers(version) || facts_.suites[version].size() < 2) continue;
    const Numbers& found = facts_.suites[version];
    const std::uint16_t one = choice(version, {found.front(), found.back()});
    const std::uint16_t other = choice(version, {found.back(), found.front()});
    if (one != 0 && other != 0) facts_.server_order = one == other;
    return;
  }
}

/// A server that speaks something newer must not take a client that says it fell back (RFC 7507).
void Scanner::find_fallback_scsv() {
  if (facts_.suites.size() < 2) return;
  const auto second = std::next(facts_.suites.rbegin());
  Numbers suites = second->second;
  suites.insert(suites.begin(), kFallbackScsv);
  const ServerFlight flight = ask(hello(second->first, suites));
  if (!stopped_) facts_.fallback_scsv = !flight.hello().has_value();
}

void Scanner::find_compression() {
  const auto version = newest_old();
  if (!version) return;
  ClientHello probe = hello(*version, facts_.suites[*version]);
  probe.offer_compression = true;
  const ServerFlight flight = ask(probe);
  facts_.compression = flight.hello() && flight.hello()->compression != 0;
}

void Scanner::find_ssl2() {
  std::uint8_t challenge[16];
  random_.fill(challenge);
  Buffer answer;
  exchange(encode_ssl2_hello(challenge).view(), [&](ByteSpan octets) {
    answer.append(octets);
    facts_.ssl2 = parse_ssl2_answer(answer.view());
    const bool whole = answer.size() >= 2 && answer.size() - 2 >= ssl2_length(answer.view());
    return !whole && (answer.view()[0] & 0x80) != 0;
  });
}

ClientHello Scanner::hello(Version version, Numbers suites) {
  ClientHello made;
  made.version = version;
  made.suites = std::move(suites);
  made.suites.resize(std::min(made.suites.size(), kSuitesPerHello));
  made.groups = groups_for(version);
  made.server_name = server_name_;
  made.key_share = version == Version::tls1_3 && share_needed_;
  random_.fill(made.random);
  return made;
}

ServerFlight Scanner::ask(const ClientHello& hello) {
  ClientHello sent = hello;
  if (sent.version != Version::tls1_3) sent.suites.push_back(kRenegotiationScsv);
  ServerFlight flight;
  exchange(encode(sent).view(),
           [&flight](ByteSpan octets) { return flight.feed(octets) == ServerFlight::State::need_more; });
  note(flight);
  return flight;
}

std::uint16_t Scanner::choice(Version version, const Numbers& suites) {
  const ServerFlight flight = ask(hello(version, suites));
  return flight.hello() ? flight.hello()->suite : 0;
}

/// A server that was there a moment ago gets a second chance.
Connector::End Scanner::exchange(ByteSpan octets, const Connector::Taker& take) {
  for (int attempt = 0; attempt < 2 && !stopped_; ++attempt) {
    const Connector::End end = connector_.exchange(octets, take);
    if (end == Connector::End::over) {
      ++facts_.connections;
      return end;
    }
    if (facts_.connections == 0) error_ = connector_.error();
    stopped_ = end == Connector::End::exhausted || facts_.connections == 0;
  }
  stopped_ = true;
  facts_.complete = false;
  return Connector::End::exhausted;
}

void Scanner::note(const ServerFlight& flight) {
  if (!flight.hello()) return;
  if (flight.hello()->version != 0x0304) {
    facts_.secure_renegotiation = facts_.secure_renegotiation.value_or(true) && flight.hello()->renegotiation_info;
  }
  if (flight.dh_bits()) facts_.dh_bits = std::min(facts_.dh_bits.value_or(*flight.dh_bits()), *flight.dh_bits());
  if (flight.certificates().empty()) return;
  const bool known = std::any_of(facts_.chains.begin(), facts_.chains.end(),
                                 [&](const auto& chain) { return chain.front() == flight.certificates().front(); });
  if (!known && facts_.chains.size() < ServerFlight::kMaxCertificates) facts_.chains.push_back(flight.certificates());
}

std::optional<Version> Scanner::newest_old() const {
  for (const Version version : {Version::tls1_2, Version::tls1_1, Version::tls1_0, Version::ssl3}) {
    if (facts_.offers(version)) return version;
  }
  return std::nullopt;
}

}  // namespace transom::grade
