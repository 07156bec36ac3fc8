#include "libclient/machine_words.h"

#include <cerrno>

#include "libclient/translate.h"

namespace kiz {

std::string machine_words(int error) {
  switch (error) {
    case EACCES:
    case EPERM: return tr("no right");
    case ENOENT: return tr("it is not there");
    case ENOTDIR: return tr("a part of the path is no folder");
    case EISDIR: return tr("it is a folder");
    case ELOOP: return tr("it is a link");
    case ENAMETOOLONG: return tr("the name is too long");
    case EROFS: return tr("the disk is read-only");
    case EIO: return tr("the disk fails");
    case ENOSPC:
    case EDQUOT: return tr("the disk is full");
    case EFBIG: return tr("the file grows too large");
    case EMFILE:
    case ENFILE: return tr("too many files are open");
    case EBUSY:
    case ETXTBSY: return tr("somebody else uses it");
    default: return tr("error {}", {std::to_string(error)});
  }
}

}  // namespace kiz
