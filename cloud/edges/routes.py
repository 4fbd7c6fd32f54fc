"""The edges' documents over HTTP: for people, and for the edges themselves."""

from typing import Annotated

from fastapi import Depends, Response

from cloud.doors import doors
from cloud.edges.access import AskingEdge
from cloud.edges.schemas import DocumentIn, DocumentOut
from cloud.edges.service import Documents
from cloud.errors import ErrorOut
from cloud.fleet.access import CityView, sight
from cloud.fleet.view import View, check_act
from cloud.parts import part
from cloud.people.access import needs
from cloud.people.rights import Right
from cloud.people.store import Session
from protocols.names import Id

router = doors("edges", refuses=(404,))

DocumentsPart = Annotated[Documents, Depends(part(lambda parts: parts.documents))]
Configurer = Annotated[Session, needs(Right.CONFIGURE_EDGE)]
Configured = Annotated[View, sight(Right.CONFIGURE_EDGE)]


def _mine(edge_id: Id, acts: Configured, sees: CityView) -> str:
    """An edge is for who may touch everything that hangs on it."""
    check_act(edge_id, f"edge {edge_id}", acts, sees)
    return edge_id


EdgeInMyArea = Annotated[str, Depends(_mine)]


@router.get("/edges/{edge_id}/documents")
async def documents(edge_id: str, documents: DocumentsPart, view: CityView) -> list[DocumentOut]:
    """What an edge should hold, and whether it does."""
    return documents.of(view.find(edge_id, f"edge {edge_id}"))


@router.put("/edges/{edge_id}/documents/{name}", responses={400: {"model": ErrorOut}})
async def put_document(
    edge_id: EdgeInMyArea, name: Id, document: DocumentIn, who: Configurer, documents: DocumentsPart
) -> list[DocumentOut]:
    """Give an edge a document; it takes it when it is there."""
    await documents.put(edge_id, name, document.text, who.username)
    return documents.of(edge_id)


@router.delete("/edges/{edge_id}/documents/{name}")
async def remove_document(
    edge_id: EdgeInMyArea, name: Id, who: Configurer, documents: DocumentsPart
) -> list[DocumentOut]:
    """Let an edge go back to what its own file says."""
    await documents.remove(edge_id, name, who.username)
    return documents.of(edge_id)


@router.get("/edge/documents/{digest}", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def document_text(digest: str, edge: AskingEdge, documents: DocumentsPart) -> Response:
    """For the edge: the text of one of its documents."""
    return Response(documents.text(edge, digest), media_type="text/plain; charset=utf-8")
