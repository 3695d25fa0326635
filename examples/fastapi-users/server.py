"""A small API on FastAPI Users, with its database strategy: access tokens are opaque, and die at logout.

Run it as `python server.py PORT`; port 0 takes a free one. `python server.py openapi` prints what FastAPI says of it, which is
`openapi.yaml` beside it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
import uuid
from collections.abc import AsyncIterator
from typing import Annotated, Any

import uvicorn
import yaml
from fastapi import Depends, FastAPI, HTTPException
from fastapi_users import BaseUserManager, FastAPIUsers, UUIDIDMixin, schemas
from fastapi_users.authentication import AuthenticationBackend, BearerTransport
from fastapi_users.authentication.strategy.db import DatabaseStrategy
from fastapi_users.db import SQLAlchemyBaseUserTableUUID, SQLAlchemyUserDatabase
from fastapi_users_db_sqlalchemy.access_token import SQLAlchemyAccessTokenDatabase, SQLAlchemyBaseAccessTokenTableUUID
from pydantic import BaseModel, Field
from sqlalchemy import ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.pool import StaticPool

LIFETIME = 3600
"""Seconds that an access token lives."""


class Base(DeclarativeBase):
    """The tables."""


class User(SQLAlchemyBaseUserTableUUID, Base):
    """An account."""


class AccessToken(SQLAlchemyBaseAccessTokenTableUUID, Base):
    """A token that was given out, good as long as its row stands."""


class Note(Base):
    """A note, which belongs to one account."""

    __tablename__ = "note"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    text: Mapped[str]


class UserRead(schemas.BaseUser[uuid.UUID]):
    """What is told of an account."""


class UserCreate(schemas.BaseUserCreate):
    """What an account is made of."""


class UserUpdate(schemas.BaseUserUpdate):
    """What may be changed of an account."""


class NoteWrite(BaseModel):
    """A note that is to be written."""

    text: str = Field(min_length=1, max_length=500)


class NoteRead(NoteWrite):
    """A note as it was written."""

    id: int


class Manager(UUIDIDMixin, BaseUserManager[User, uuid.UUID]):
    """Makes and checks accounts."""


# One connection, so that the database in memory is one.
engine = create_async_engine("sqlite+aiosqlite://", poolclass=StaticPool)
new_session = async_sessionmaker(engine, expire_on_commit=False)


async def database() -> AsyncIterator[AsyncSession]:
    """A session of the database for each request."""
    async with new_session() as session:
        yield session


Database = Annotated[AsyncSession, Depends(database)]


def manager(session: Database) -> Manager:
    """The accounts."""
    return Manager(SQLAlchemyUserDatabase(session, User))


def strategy(session: Database) -> DatabaseStrategy[User, uuid.UUID, AccessToken]:
    """The tokens."""
    return DatabaseStrategy(SQLAlchemyAccessTokenDatabase(session, AccessToken), lifetime_seconds=LIFETIME)


backend = AuthenticationBackend(name="database", transport=BearerTransport(tokenUrl="auth/login"), get_strategy=strategy)
users = FastAPIUsers[User, uuid.UUID](manager, [backend])
Caller = Annotated[User, Depends(users.current_user(active=True))]

app = FastAPI(title="Notes")
app.include_router(users.get_auth_router(backend), prefix="/auth", tags=["auth"])
app.include_router(users.get_users_router(UserRead, UserUpdate), prefix="/users", tags=["users"])


@app.get("/notes", tags=["notes"])
async def list_notes(caller: Caller, session: Database) -> list[NoteRead]:
    """The caller's notes."""
    found = await session.scalars(select(Note).where(Note.owner == caller.id).order_by(Note.id))
    return [NoteRead(id=note.id, text=note.text) for note in found]


@app.post("/notes", status_code=201, tags=["notes"])
async def write_note(caller: Caller, session: Database, note: NoteWrite) -> NoteRead:
    """Write a note."""
    written = Note(owner=caller.id, text=note.text)
    session.add(written)
    await session.commit()
    return NoteRead(id=written.id, text=written.text)


@app.get("/notes/{note_id}", tags=["notes"])
async def read_note(caller: Caller, session: Database, note_id: int) -> NoteRead:
    """One of the caller's notes; others do not exist for them."""
    note = await session.get(Note, note_id)
    if note is None or note.owner != caller.id:
        raise HTTPException(404, "NOTE_NOT_FOUND")
    return NoteRead(id=note.id, text=note.text)


async def prepare() -> None:
    """Make the tables, and accounts to try the API with."""
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    people: list[dict[str, Any]] = [
        {"email": "olivia@example.com"},
        {"email": "oscar@example.com"},
        {"email": "stella@example.com", "is_superuser": True},
        {"email": "dora@example.com", "is_active": False},
    ]
    async with new_session() as session:
        accounts = manager(session)
        for person in people:
            password = f"{person['email'].partition('@')[0]}'s long password"
            account = await accounts.create(UserCreate(password=password, **person))
            session.add(Note(owner=account.id, text="Remember the milk."))
        await session.commit()


async def serve(port: int) -> None:
    """Serve on 127.0.0.1 until SIGTERM."""
    await prepare()
    with contextlib.closing(socket.create_server(("127.0.0.1", port))) as listener:
        print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        await uvicorn.Server(uvicorn.Config(app, log_level="warning", server_header=False)).serve(sockets=[listener])


if __name__ == "__main__":
    if sys.argv[1] == "openapi":
        print(yaml.safe_dump(app.openapi(), sort_keys=False), end="")
    else:
        asyncio.run(serve(int(sys.argv[1])))
