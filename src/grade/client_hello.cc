#include "grade/client_hello.h"

#include <openssl/x509v3.h>

#include "grade/suites.h"

namespace transom::grade {
namespace {

namespace extension {
constexpr std::uint16_t server_name = 0, supported_groups = 10, ec_point_formats = 11, signature_algorithms = 13,
                        extended_master_secret = 23, supported_versions = 43, psk_key_exchange_modes = 45,
                        key_share = 51;
}

/// Everything a server may have a certificate for, strong first, so that no server fails for want of one.
constexpr std::uint16_t kSignatures[] = {
    0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b, 0x0807,
    0x0808, 0x0401, 0x0501, 0x0601, 0x0905, 0x0906, 0x0904, 0x081a, 0x081b, 0x081c,
    0x0303, 0x0301, 0x0203, 0x0201, 0x0402, 0x0502, 0x0602, 0x0302, 0x0202, 0x0101,
};

void put16(Buffer& out, std::size_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}

void put_counted(Buffer& out, ByteSpan content) {
  put16(out, content.size());
  out.append(content);
}

void put_extension(Buffer& out, std::uint16_t type, const Buffer& content) {
  put16(out, type);
  put_counted(out, content.view());
}

template <typename Numbers>
Buffer number_list(const Numbers& numbers) {
  Buffer list;
  for (const std::uint16_t number : numbers) put16(list, number);
  Buffer counted;
  put_counted(counted, list.view());
  return counted;
}

Buffer octets(std::initializer_list<std::uint8_t> values) {
  Buffer out;
  for (const std::uint8_t value : values) out.push_back(value);
  return out;
}

Buffer server_name_extension(const std::string& name) {
  Buffer entry;
  entry.push_back(0);  // host_name
  put_counted(entry, as_bytes(name));
  Buffer list;
  put_counted(list, entry.view());
  return list;
}

/// Any 32 octets are a public key of X25519; nobody wants to finish this handshake.
Buffer key_share_extension(const ClientHello& hello) {
  Buffer shares;
  if (hello.key_share) {
    put16(shares, 0x001D);
    put_counted(shares, hello.random);
  }
  Buffer list;
  put_counted(list, shares.view());
  return list;
}

void put_tls13_extensions(Buffer& out, const ClientHello& hello) {
  put_extension(out, extension::supported_versions, octets({2, 0x03, 0x04}));
  put_extension(out, extension::psk_key_exchange_modes, octets({1, 1}));
  put_extension(out, extension::key_share, key_share_extension(hello));
}

Buffer extensions_of(const ClientHello& hello) {
  Buffer out;
  if (hello.version == Version::ssl3) return out;
  if (!hello.server_name.empty()) {
    put_extension(out, extension::server_name, server_name_extension(hello.server_name));
  }
  if (!hello.groups.empty()) {
    put_extension(out, extension::supported_groups, number_list(hello.groups));
    put_extension(out, extension::ec_point_formats, octets({1, 0}));
  }
  if (hello.version >= Version::tls1_2) {
    put_extension(out, extension::signature_algorithms, number_list(kSignatures));
  }
  put_extension(out, extension::extended_master_secret, {});
  if (hello.version == Version::tls1_3) put_tls13_extensions(out, hello);
  return out;
}

Buffer body_of(const ClientHello& hello) {
  Buffer out;
  put16(out, std::min<std::size_t>(static_cast<std::size_t>(hello.version), 0x0303));
  out.append(ByteSpan(hello.random));
  out.push_back(0);  // no session to resume
  out.append(number_list(hello.suites).view());
  out.append(hello.offer_compression ? octets({2, 1, 0}).view() : octets({1, 0}).view());
  const Buffer extensions = extensions_of(hello);
  if (!extensions.empty()) put_counted(out, extensions.view());
  return out;
}

}  // namespace

bool is_host_name(const std::string& host) {
  if (host.empty() || host.size() > 255 || host.find(':') != std::string::npos) return false;
  ASN1_OCTET_STRING* address = a2i_IPADDRESS(host.c_str());
  ASN1_OCTET_STRING_free(address);
  return address == nullptr;
}

Buffer encode(const ClientHello& hello) {
  const Buffer body = body_of(hello);
  Buffer out;
  out.push_back(22);  // handshake
  put16(out, hello.version == Version::ssl3 ? 0x0300 : 0x0301);
  put16(out, body.size() + 4);
  out.push_back(1);  // client_hello
  out.push_back(0);
  put_counted(out, body.view());
  return out;
}

Buffer encode_ssl2_hello(ByteSpan challenge) {
  Buffer body = octets({1, 0x00, 0x02});
  put16(body, ssl2_suites().size() * 3);
  put16(body, 0);  // no session
  put16(body, challenge.size());
  for (const Ssl2Suite& suite : ssl2_suites()) {
    body.push_back(static_cast<std::uint8_t>(suite.number >> 16));
    put16(body, suite.number & 0xffff);
  }
  body.append(challenge);
  Buffer out;
  put16(out, 0x8000 | body.size());
  out.append(body.view());
  return out;
}

}  // namespace transom::grade
