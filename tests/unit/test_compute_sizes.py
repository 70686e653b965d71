from hypothesis import given
from hypothesis import strategies as st

from adelie.compute.sizes import FARGATE_MEMORY_MIB, describe_memory_choices, nearest_memory_mib


def test_the_table_is_that_of_the_ecs_developer_guide() -> None:
    bounds = {cpu: (choices[0], choices[-1], len(choices)) for cpu, choices in FARGATE_MEMORY_MIB.items()}
    assert bounds == {
        256: (512, 2048, 3),
        512: (1024, 4096, 4),
        1024: (2048, 8192, 7),
        2048: (4096, 16384, 13),
        4096: (8192, 30720, 23),
        8192: (16384, 61440, 12),
        16384: (32768, 122880, 12),
    }


@given(cpu=st.sampled_from(sorted(FARGATE_MEMORY_MIB)), memory=st.integers(min_value=0, max_value=200_000))
def test_the_nearest_memory_is_valid_and_enough_where_it_can_be(cpu: int, memory: int) -> None:
    nearest = nearest_memory_mib(cpu, memory)
    assert nearest in FARGATE_MEMORY_MIB[cpu]
    assert nearest >= memory or nearest == max(FARGATE_MEMORY_MIB[cpu])
    assert not [choice for choice in FARGATE_MEMORY_MIB[cpu] if memory <= choice < nearest]


def test_choices_are_described_as_steps_where_they_are_even() -> None:
    assert describe_memory_choices(256) == "512, 1024 or 2048"
    assert describe_memory_choices(8192) == "16384 to 61440 in steps of 4096"
