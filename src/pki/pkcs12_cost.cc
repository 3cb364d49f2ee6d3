#include "pki/pkcs12_cost.h"

#include <openssl/pkcs7.h>

#include <memory>

#include "tls/handles.h"

namespace transom::pki {
namespace {

using tls::FreeWith;
using Bags = STACK_OF(PKCS12_SAFEBAG);
using Parts = STACK_OF(PKCS7);
using BagsHandle = std::unique_ptr<Bags, void (*)(Bags*)>;
using PartsHandle = std::unique_ptr<Parts, void (*)(Parts*)>;
using Pbes2Handle = std::unique_ptr<PBE2PARAM, FreeWith<PBE2PARAM_free>>;
using Pbkdf2Handle = std::unique_ptr<PBKDF2PARAM, FreeWith<PBKDF2PARAM_free>>;
using PbeHandle = std::unique_ptr<PBEPARAM, FreeWith<PBEPARAM_free>>;

constexpr int kMaxDepth = 4;  // bags may hold bags; nobody's do

void free_bags(Bags* bags) { sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free); }
void free_parts(Parts* parts) { sk_PKCS7_pop_free(parts, PKCS7_free); }

/// The parameters of an algorithm; null where they are of another form.
template <typename Handle>
Handle parameters(const X509_ALGOR* algorithm, const ASN1_ITEM* form) {
  int type = V_ASN1_UNDEF;
  const void* value = nullptr;
  X509_ALGOR_get0(nullptr, &type, &value, algorithm);
  if (type != V_ASN1_SEQUENCE) return nullptr;
  return Handle(static_cast<typename Handle::pointer>(ASN1_item_unpack(static_cast<const ASN1_STRING*>(value), form)));
}

int kind_of(const X509_ALGOR* algorithm) {
  const ASN1_OBJECT* kind = nullptr;
  X509_ALGOR_get0(&kind, nullptr, nullptr, algorithm);
  return OBJ_obj2nid(kind);
}

/// 0 or less for a function that is not counted in rounds, such as scrypt, and for nonsense.
long rounds_of(const X509_ALGOR* algorithm) {
  if (kind_of(algorithm) != NID_pbes2) {
    const auto old = parameters<PbeHandle>(algorithm, ASN1_ITEM_rptr(PBEPARAM));
    return old ? ASN1_INTEGER_get(old->iter) : 0;
  }
  const auto both = parameters<Pbes2Handle>(algorithm, ASN1_ITEM_rptr(PBE2PARAM));
  if (!both || kind_of(both->keyfunc) != NID_id_pbkdf2) return 0;
  const auto derived = parameters<Pbkdf2Handle>(both->keyfunc, ASN1_ITEM_rptr(PBKDF2PARAM));
  return derived ? ASN1_INTEGER_get(derived->iter) : 0;
}

class Budget {
 public:
  explicit Budget(const std::string* passphrase) : passphrase_(passphrase) {}

  bool covers(const PKCS7* part) {
    if (PKCS7_type_is_data(part)) return covers(unpacked(part));
    if (!PKCS7_type_is_encrypted(part)) return true;  // it is not read at all
    if (part->d.encrypted == nullptr || !covers(part->d.encrypted->enc_data->algorithm)) return false;
    return passphrase_ == nullptr || covers(decrypted(part));
  }

 private:
  static BagsHandle unpacked(const PKCS7* part) { return {PKCS12_unpack_p7data(const_cast<PKCS7*>(part)), free_bags}; }
  BagsHandle decrypted(const PKCS7* part) const {
    auto* closed = const_cast<PKCS7*>(part);
    BagsHandle bags(PKCS12_unpack_p7encdata(closed, passphrase_->c_str(), static_cast<int>(passphrase_->size())),
                    free_bags);
    if (!bags && passphrase_->empty()) bags.reset(PKCS12_unpack_p7encdata(closed, nullptr, 0));
    return bags;
  }

  bool covers(const X509_ALGOR* algorithm) {
    const long rounds = rounds_of(algorithm);
    if (rounds <= 0 || rounds > left_) return false;
    left_ -= rounds;
    return true;
  }
  bool covers(const BagsHandle& bags) { return bags && covers(bags.get(), 0); }
  bool covers(const Bags* bags, int depth) {
    for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); ++i) {
      if (!covers(sk_PKCS12_SAFEBAG_value(bags, i), depth)) return false;
    }
    return true;
  }
  bool covers(const PKCS12_SAFEBAG* bag, int depth) {
    if (PKCS12_SAFEBAG_get_nid(bag) == NID_safeContentsBag) {
      return depth < kMaxDepth && covers(PKCS12_SAFEBAG_get0_safes(bag), depth + 1);
    }
    const X509_SIG* sealed = PKCS12_SAFEBAG_get0_pkcs8(bag);  // null for other bags
    if (sealed == nullptr) return true;
    const X509_ALGOR* algorithm = nullptr;
    X509_SIG_get0(sealed, &algorithm, nullptr);
    return covers(algorithm);
  }

  const std::string* passphrase_;
  long left_ = kMaxRounds;
};

}  // namespace

bool is_affordable(const PKCS12* store, const std::string* passphrase) {
  const PartsHandle parts(PKCS12_unpack_authsafes(store), free_parts);
  if (!parts) return false;
  Budget budget(passphrase);
  for (int i = 0; i < sk_PKCS7_num(parts.get()); ++i) {
    if (!budget.covers(sk_PKCS7_value(parts.get(), i))) return false;
  }
  return true;
}

}  // namespace transom::pki
