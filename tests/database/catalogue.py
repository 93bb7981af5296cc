"""What a database consists of, as lines of text, so that two databases can be compared."""

from __future__ import annotations

from scmhub.database.address import Address

_QUERIES = {
    "table": """
        select c.relname || ' ' || c.relkind::text || ' owner ' || c.relowner::regrole || ' rls ' || c.relrowsecurity
               || ' forced ' || c.relforcerowsecurity || ' options ' || coalesce(c.reloptions::text, '')
        from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'S')
    """,
    "acl": """
        select c.relname || ' ' || a.grantee::regrole || ' ' || a.privilege_type || ' ' || a.is_grantable
        from pg_class c, aclexplode(c.relacl) a where c.relnamespace = 'public'::regnamespace
    """,
    "column": """
        select c.relname || '.' || a.attname || ' ' || a.attnum || ' ' || format_type(a.atttypid, a.atttypmod)
               || ' not null ' || a.attnotnull || ' collate ' || coalesce(l.collname, '')
               || ' identity ' || a.attidentity::text
               || ' generated ' || a.attgenerated::text || ' default ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
               || ' acl ' || coalesce(a.attacl::text, '')
        from pg_attribute a join pg_class c on c.oid = a.attrelid
        left join pg_collation l on l.oid = a.attcollation and l.collname <> 'default'
        left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')
          and a.attnum > 0 and not a.attisdropped
    """,
    "constraint": """
        select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
        from pg_constraint where connamespace = 'public'::regnamespace
    """,
    "index": """
        select pg_get_indexdef(indexrelid) || ' valid ' || indisvalid
        from pg_index join pg_class c on c.oid = indexrelid where c.relnamespace = 'public'::regnamespace
    """,
    "policy": """
        select tablename || ' ' || policyname || ' ' || permissive || ' ' || roles::text || ' ' || cmd
               || ' using ' || coalesce(qual, '') || ' check ' || coalesce(with_check, '')
        from pg_policies where schemaname = 'public'
    """,
    "trigger": "select pg_get_triggerdef(oid) from pg_trigger where not tgisinternal",
    "function": """
        select pg_get_functiondef(oid) || ' owner ' || proowner::regrole || ' acl ' || coalesce(proacl::text, '')
        from pg_proc where pronamespace = 'public'::regnamespace and prokind in ('f', 'p')
    """,
    "sequence": """
        select sequencename || ' ' || data_type || ' ' || start_value || ' ' || increment_by || ' cache ' || cache_size
        from pg_sequences where schemaname = 'public'
    """,
    "type": """
        select typname || ' ' || typtype::text from pg_type
        where typnamespace = 'public'::regnamespace and typtype in ('e', 'd')
    """,
}


async def catalogue(address: Address) -> list[str]:
    """Everything in schema public but Alembic's own table, sorted."""
    connection = await address.connect()
    try:
        lines = [f"{kind}: {row[0]}" for kind, query in _QUERIES.items() for row in await connection.fetch(query)]
    finally:
        await connection.close()
    return sorted(line for line in lines if "alembic_version" not in line)
