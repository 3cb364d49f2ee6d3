#include "cli/trust/advice.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/places.h"

namespace transom::cli {
namespace {

std::string without_colons(std::string fingerprint) {
  std::erase(fingerprint, ':');
  return fingerprint;
}

/// As a name for Java's list.
std::string alias_of(const TrustCertificate& ca) { return ca.file_name().substr(0, ca.file_name().rfind('.')); }

}  // namespace

std::string advice_to_trust(const TrustCertificate& ca) {
  return fmt::format(
      "Copy {0} to the other machine as {2}.\n"
      "Windows   as administrator, for all users:\n"
      "            certutil -addstore -f Root {2}\n"
      "          for this user alone; Windows shows the thumbprint and asks:\n"
      "            certutil -user -addstore Root {2}\n"
      "          thumbprint (SHA-1): {1}\n"
      "macOS     sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain {2}\n"
      "On this one:\n"
      "Java      keytool -importcert -cacerts -storepass changeit -noprompt -alias {3} -file {0}\n"
      "Node.js   NODE_EXTRA_CA_CERTS={0} node PROGRAM\n"
      "curl      curl --cacert {0} URL\n"
      "Python    SSL_CERT_FILE={0} python3 PROGRAM (requests: REQUESTS_CA_BUNDLE)\n"
      "curl and Python need nothing where the system's store has the authority.\n",
      shell_word(ca.file), ca.sha1, ca.file_name(), alias_of(ca));
}

std::string advice_to_untrust(const TrustCertificate& ca) {
  return fmt::format(
      "Windows   as administrator: certutil -delstore Root {0}\n"
      "          for this user:    certutil -user -delstore Root {0}\n"
      "macOS     sudo security delete-certificate -Z {1} /Library/Keychains/System.keychain\n"
      "Java      keytool -delete -cacerts -storepass changeit -alias {2}\n"
      "Node.js, curl, Python: no longer name the file\n",
      ca.sha1.empty() ? "THUMBPRINT" : without_colons(ca.sha1), without_colons(ca.sha256), alias_of(ca));
}

}  // namespace transom::cli
