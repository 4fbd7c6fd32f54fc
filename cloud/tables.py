"""Every table of the registry: whoever needs the whole schema imports it from here."""

from cloud.audit.tables import AuditRow
from cloud.database import Base
from cloud.fleet.tables import DeviceRow, EdgeRow, InventoryRow
from cloud.people.tables import PersonRow, SessionRow

TABLES = (AuditRow, DeviceRow, EdgeRow, InventoryRow, PersonRow, SessionRow)
METADATA = Base.metadata
