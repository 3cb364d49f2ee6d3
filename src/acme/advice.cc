#include "acme/advice.h"

#include <array>

namespace transom::acme {
namespace {

struct Row {
  std::string_view problem;    // RFC 8555 section 6.7
  std::string_view challenge;  // empty: any
  std::string_view text;       // {0}: the name
};

constexpr std::array<Row, 13> kRows{{
    {"dns", "", "check that {0} has an A or AAAA record, and that it leads to this machine"},
    {"connection", "http-01",
     "check that port 80 of {0} reaches a plain web transport of this node from the internet (firewall, router), over "
     "IPv6 too where the name has an AAAA record"},
    {"connection", "tls-alpn-01",
     "check that port 443 of {0} reaches this endpoint from the internet (firewall, router), over IPv6 too where the "
     "name has an AAAA record"},
    {"unauthorized", "http-01",
     "check that what answers on port 80 of {0} is this node, and not another web server or another machine"},
    {"unauthorized", "tls-alpn-01",
     "check that what answers on port 443 of {0} is this node, without a proxy before it that ends TLS"},
    {"tls", "tls-alpn-01", "check that no proxy that ends TLS stands before port 443 of {0}"},
    {"caa", "", "the CAA record of the name lets other authorities issue for it: change the record or the authority"},
    {"rejectedIdentifier", "", "this authority does not issue certificates for this name"},
    {"unsupportedIdentifier", "", "this authority does not issue certificates for names of this kind"},
    {"rateLimited", "",
     "this is a limit of the authority: try a configuration out at its staging directory, and wait until it has "
     "passed"},
    {"invalidContact", "", "correct `contact`"},
    {"unsupportedContact", "", "correct `contact`"},
    {"externalAccountRequired", "",
     "this authority wants accounts that were bound to a customer beforehand, which is not supported: choose another"},
}};

std::string with_name(std::string_view text, std::string_view name) {
  std::string result(text);
  if (const auto place = result.find("{0}"); place != std::string::npos) {
    result.replace(place, 3, name.empty() ? "the name" : name);
  }
  return result;
}

}  // namespace

std::string advice(const Problem& problem, std::string_view type, std::string_view name) {
  for (const Row& row : kRows) {
    if (problem.is(row.problem) && (row.challenge.empty() || row.challenge == type)) return with_name(row.text, name);
  }
  return "";
}

}  // namespace transom::acme
