"""Every table of the registry: whoever needs the whole schema imports it from here."""

from cloud.alarms.tables import EpisodeRow
from cloud.audit.tables import AuditRow, HeadRow
from cloud.commands.tables import CommandRow, ConsentRow, GroupRow
from cloud.database import Base
from cloud.edges.tables import DocumentRow
from cloud.factors.tables import PasskeyRow, RecoveryRow, TotpRow
from cloud.fleet.tables import DeviceRow, EdgeRow, InventoryRow
from cloud.latest.tables import CursorRow, LatestRow
from cloud.light.tables import LightDraftRow, LightHeldRow, LightReleaseRow
from cloud.notifications.tables import NoticeRow
from cloud.people.tables import GrantRow, KnownRow, PersonRow, SessionRow
from cloud.reset.tables import ResetRow
from cloud.self_tests.tables import SelfTestRow
from cloud.sso.tables import IdentityRow
from cloud.tokens.tables import TokenRow

TABLES = (
    AuditRow,
    CommandRow,
    ConsentRow,
    CursorRow,
    DeviceRow,
    DocumentRow,
    EdgeRow,
    EpisodeRow,
    GrantRow,
    GroupRow,
    HeadRow,
    IdentityRow,
    InventoryRow,
    KnownRow,
    LatestRow,
    LightDraftRow,
    LightHeldRow,
    LightReleaseRow,
    NoticeRow,
    PasskeyRow,
    PersonRow,
    RecoveryRow,
    ResetRow,
    SelfTestRow,
    SessionRow,
    TokenRow,
    TotpRow,
)
METADATA = Base.metadata
