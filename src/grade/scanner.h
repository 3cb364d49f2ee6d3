// Finds out what a server speaks by asking it: each probe is one ClientHello on one connection, and the server's choice
// is taken off the next offer until it finds nothing more.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "grade/client_hello.h"
#include "grade/connector.h"
#include "grade/server_facts.h"

namespace transom::grade {

class Scanner {
 public:
  /// `server_name` is sent where the version has it; an address is not. Both references outlive the scanner.
  Scanner(Connector& connector, Random& random, std::string server_name);

  /// The whole scan, at most once. Fails where no server is or none that speaks TLS.
  Result<ServerFacts> run();

 private:
  using Numbers = std::vector<std::uint16_t>;

  void find_suites();
  bool find_some_suites(Version version, Numbers candidates);
  void find_groups();
  void find_tls13_groups();
  void find_curves(Version version);
  void find_server_order();
  void find_fallback_scsv();
  void find_compression();
  void find_ssl2();

  ClientHello hello(Version version, Numbers suites);
  /// The whole answer; without a `hello` there was none.
  ServerFlight ask(const ClientHello& hello);
  /// The suite that the server chooses of these; 0: none.
  std::uint16_t choice(Version version, const Numbers& suites);
  Connector::End exchange(ByteSpan octets, const Connector::Taker& take);
  void note(const ServerFlight& flight);
  /// The newest version up to TLS 1.2 that is offered.
  std::optional<Version> newest_old() const;

  Connector& connector_;
  Random& random_;
  std::string server_name_;
  ServerFacts facts_;
  bool share_needed_ = false;  // the server takes no TLS 1.3 hello without a key share
  bool stopped_ = false;       // nothing can be asked any more
  std::string error_;          // of the first connection, if it failed
};

}  // namespace transom::grade
