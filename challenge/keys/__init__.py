"""The site's keys: made once, kept in one file, rotated there, shared by all workers."""

from .change import Rotated as Rotated
from .change import revoke as revoke
from .change import rotate as rotate
from .file import CLEARANCE_KEPT as CLEARANCE_KEPT
from .file import Entry as Entry
from .file import Stored as Stored
from .file import load as load
from .file import load_or_make as load_or_make
from .file import read as read
from .file import write_new as write_new
from .ring import SECRET_BYTES as SECRET_BYTES
from .ring import KeyRing as KeyRing
from .ring import Keys as Keys
from .ring import SigningKey as SigningKey
from .ring import decode_bytes as decode_bytes
from .ring import encode_bytes as encode_bytes
from .ring import make as make
from .ring import refuse_weak as refuse_weak
from .watch import KeyFile as KeyFile
